"""Why a net answered as it did: attention, embeddings, deletion, all by nets that held out."""
