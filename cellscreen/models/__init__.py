"""Functional Keras nets and the few blocks they share, written in Keras operations only."""
