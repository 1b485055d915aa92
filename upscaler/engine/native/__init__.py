"""Convolutions of our own for the CPU, built by the compiler that the machine has."""
