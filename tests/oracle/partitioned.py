"""Writes the model `partitioned`: a TensorFlow 1 graph whose variables are cut up and stored in two shards.

Usage: partitioned.py OUTPUT_DIR

A 6x4 kernel is partitioned into three row slices, which live on two devices; a sharded saver writes one
shard for each device. Beside it: eval.npz, calib.npz, float_outputs.npz, meta.json. Needs TensorFlow.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


def build(directory: pathlib.Path, samples: np.ndarray) -> np.ndarray:
    """Saves the model; gives its outputs on the samples."""
    rng = np.random.default_rng(7)
    graph = tf.Graph()
    config = v1.ConfigProto(device_count={"CPU": 2})
    with graph.as_default(), v1.Session(graph=graph, config=config) as session:
        x = v1.placeholder(tf.float32, [None, 6], name="x")
        with v1.variable_scope("dense", use_resource=False):
            kernel = v1.get_variable(
                "kernel",
                initializer=tf.constant(rng.normal(size=(6, 4)).astype(np.float32)),
                partitioner=v1.fixed_size_partitioner(3, axis=0),
            )
            with tf.device("/cpu:1"):
                bias = v1.get_variable("bias", initializer=tf.constant(rng.normal(size=4).astype(np.float32)))
        y = tf.nn.relu(tf.matmul(x, tf.convert_to_tensor(kernel)) + bias, name="y")
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(directory))
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            signature_def_map={"serving_default": signature},
            saver=v1.train.Saver(sharded=True),
        )
        builder.save()
        return np.stack([session.run(y, {x: s[None]}) for s in samples])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=pathlib.Path)
    output = parser.parse_args().output
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    rng = np.random.default_rng(1)
    calib, samples = (rng.normal(size=(n, 6)).astype(np.float32) for n in (16, 8))
    outputs = build(output / "saved_model", samples)
    np.savez(output / "calib.npz", x=calib)
    np.savez(output / "eval.npz", x=samples)
    np.savez(output / "float_outputs.npz", y=outputs)
    meta = {
        "name": "partitioned",
        "source": "made by tests/oracle/partitioned.py (seeded weights)",
        "licence": "Apache-2.0, as this repository",
        "signature": "serving_default",
    }
    (output / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")


if __name__ == "__main__":
    main()
