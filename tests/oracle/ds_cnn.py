"""Writes DIR/saved_model and DIR/calib.npz: a DS-CNN for keyword spotting, to measure sizes on.

49x10 features, 64 channels, four separable blocks, twelve words; seeded weights. Needs TensorFlow.
"""

import argparse
from pathlib import Path

import numpy as np
import tensorflow as tf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dir", type=Path)
    folder = parser.parse_args().dir

    tf.keras.utils.set_random_seed(1)
    layers = tf.keras.layers

    def block(x, convolution):
        return layers.ReLU()(layers.BatchNormalization()(convolution(x)))

    x = features = tf.keras.Input((49, 10, 1), name="features")
    x = block(x, layers.Conv2D(64, (10, 4), strides=2, padding="same", use_bias=False))
    for _ in range(4):
        x = block(x, layers.DepthwiseConv2D(3, padding="same", use_bias=False))
        x = block(x, layers.Conv2D(64, 1, use_bias=False))
    x = layers.Dense(12, activation="softmax", name="word")(layers.GlobalAveragePooling2D()(x))
    tf.keras.Model(features, x).export(folder / "saved_model")
    samples = np.random.default_rng(1).normal(size=(16, 49, 10, 1)).astype("float32")
    np.savez(folder / "calib.npz", features=samples)


if __name__ == "__main__":
    main()
