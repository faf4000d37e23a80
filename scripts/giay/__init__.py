"""The generator behind the bundled demo catalogue and the bundled footwear model's training pairs."""
