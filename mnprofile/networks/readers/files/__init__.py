"""What readers of model files share: plain values of a file, and their lowering."""
