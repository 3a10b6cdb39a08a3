"""TFLite files, read without TensorFlow."""
