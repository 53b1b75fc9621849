"""One field: nuclei and cells segmented, cropped and measured."""
