# mypy: ignore-errors
"""Model files as TensorFlow's own converter and tf2onnx write them.

    python keras_files.py FOLDER

in an environment with tensorflow, tf2onnx and onnxruntime; mnprofile is not imported.
Beside the files lies ``keras.json``: per file what it must count, from the Keras layers
and from the tensors that TensorFlow's interpreter finds in it.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf
from keras import layers

Expected = dict[str, Any]
SAMPLES = 2  # random inputs, by which int8 ranges are chosen

# --- the networks -----------------------------------------------------------------


def normed(x: Any, layer: Any, relu: bool = True) -> Any:
    x = layers.BatchNormalization()(layer(x))
    return layers.ReLU()(x) if relu else x


def wake_words() -> Any:
    """MLPerf Tiny's visual wake words: MobileNetV1 0.25, 96 x 96, 2 classes."""
    image = x = keras.Input((96, 96, 3))
    x = normed(x, layers.Conv2D(8, 3, 2, padding="same"))
    plan = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)]
    for out, stride in [*plan, *[(128, 1)] * 5, (256, 2), (256, 1)]:
        x = normed(x, layers.DepthwiseConv2D(3, stride, padding="same"))
        x = normed(x, layers.Conv2D(out, 1, padding="same"))
    x = layers.Flatten()(layers.AveragePooling2D(3)(x))
    return keras.Model(image, layers.Dense(2, activation="softmax")(x))


def resnet_8() -> Any:
    """MLPerf Tiny's image classification: three stacks of one residual block."""
    image = x = keras.Input((32, 32, 3))
    x = normed(x, layers.Conv2D(16, 3, padding="same"))
    for out, stride in ((16, 1), (32, 2), (64, 2)):
        y = normed(x, layers.Conv2D(out, 3, stride, padding="same"))
        y = normed(y, layers.Conv2D(out, 3, padding="same"), relu=False)
        if stride > 1:
            x = layers.Conv2D(out, 1, stride, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))


def keywords() -> Any:
    """MLPerf Tiny's keyword spotting: DS-CNN on 49 x 10 features."""
    sound = x = keras.Input((49, 10, 1))
    x = normed(x, layers.Conv2D(64, (10, 4), 2, padding="same"))
    for _ in range(4):
        x = normed(x, layers.DepthwiseConv2D(3, padding="same"))
        x = normed(x, layers.Conv2D(64, 1, padding="same"))
    x = layers.Flatten()(layers.AveragePooling2D((25, 5))(x))
    return keras.Model(sound, layers.Dense(12, activation="softmax")(x))


def autoencoder() -> Any:
    """MLPerf Tiny's anomaly detection: fully connected, 640 -> 8 -> 640."""
    sound = x = keras.Input((640,))
    for out in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = normed(x, layers.Dense(out))
    return keras.Model(sound, layers.Dense(640)(x))


def upsampling() -> Any:
    """Transposed convolutions, of both paddings."""
    image = x = keras.Input((8, 8, 6))
    x = layers.Conv2DTranspose(12, 3, 2, padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(4, 4, 3, padding="valid")(x)
    return keras.Model(image, x)


def recurrent(kind: str) -> Callable[[], Any]:
    def make() -> Any:
        steps = x = keras.Input((12, 16), batch_size=1)
        layer = getattr(layers, kind)
        x = layer(20, return_sequences=True)(x)
        x = layer(8)(x)
        return keras.Model(steps, layers.Dense(3)(x))

    return make


def bidirectional() -> Any:
    steps = keras.Input((12, 16), batch_size=1)
    x = layers.Bidirectional(layers.LSTM(20, return_sequences=True))(steps)
    return keras.Model(steps, layers.Dense(3)(x))


def attention() -> Any:
    """One transformer block on 16 tokens of 32 channels."""
    tokens = x = keras.Input((16, 32), batch_size=1)
    y = layers.LayerNormalization()(x)
    x = x + layers.MultiHeadAttention(4, 8)(y, y)
    y = layers.LayerNormalization()(x)
    y = layers.Dense(64, activation="gelu")(y)
    return keras.Model(tokens, x + layers.Dense(32)(y))


def application(name: str, size: int, **settings: Any) -> Callable[[], Any]:
    def make() -> Any:
        build = getattr(keras.applications, name)
        return build(input_shape=(size, size, 3), weights=None, **settings)

    return make


NETWORKS: dict[str, Callable[[], Any]] = {
    "tiny_wake_words": wake_words,
    "tiny_resnet": resnet_8,
    "tiny_keywords": keywords,
    "tiny_autoencoder": autoencoder,
    "upsampling": upsampling,
    "lstm": recurrent("LSTM"),
    "gru": recurrent("GRU"),
    "bidirectional": bidirectional,
    "attention": attention,
    "mobilenet_v1": application("MobileNet", 224),
    "mobilenet_v2": application("MobileNetV2", 224),
    "mobilenet_v3_small": application("MobileNetV3Small", 224),
    "mobilenet_v3_large": application("MobileNetV3Large", 224),
    "efficientnet_b0": application("EfficientNetB0", 224),
    "efficientnet_v2_b0": application("EfficientNetV2B0", 224),
}
FORMS = ("float", "float16", "dynamic", "int8")

# --- what a file must count, from the Keras layers --------------------------------


def flat(model: Any) -> Iterator[Any]:
    """Every layer, with those inside others that have weights of their own."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from flat(layer)
        elif isinstance(layer, layers.Bidirectional):
            yield layer.forward_layer
            yield layer.backward_layer
        else:
            yield layer


def macs_of(layer: Any) -> int:
    """One multiply-add per weight and position, by the kind of a Keras layer."""
    if isinstance(layer, layers.Conv2DTranspose):
        return prod(layer.kernel.shape) * prod(layer.input.shape[1:3])
    if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D):
        return prod(layer.kernel.shape) * prod(layer.output.shape[1:3])
    if isinstance(layer, layers.Dense):
        return prod(layer.kernel.shape) * prod(layer.output.shape[1:-1])
    if isinstance(layer, layers.LSTM | layers.GRU):
        kernels = (layer.cell.kernel, layer.cell.recurrent_kernel)
        return 12 * sum(prod(one.shape) for one in kernels)  # steps of these inputs
    if isinstance(layer, layers.MultiHeadAttention):
        tokens, channels = (
            layer.query_shape[1:] if hasattr(layer, "query_shape") else (16, 32)
        )
        weights = sum(prod(one.shape) for one in layer.weights if "kernel" in one.path)
        return tokens * weights + 2 * tokens * tokens * channels
    return 0


def expected_of(model: Any) -> Expected:
    """Multiply-adds, and parameters with batch norm folded into biases."""
    macs = params = 0
    for layer in flat(model):
        macs += macs_of(layer)
        own = sum(prod(one.shape) for one in layer.trainable_weights)
        if isinstance(layer, layers.BatchNormalization):
            channels = layer.moving_mean.shape[0]
            before = source(model, layer)
            own = 0 if getattr(before, "use_bias", False) else channels
        params += own
    trainable = sum(prod(one.shape) for one in model.trainable_weights)
    return {"macs": macs, "params": params, "trainable": trainable}


def source(model: Any, layer: Any) -> Any:
    """The layer whose output a batch norm takes."""
    return layer.input._keras_history.operation


# --- the files --------------------------------------------------------------------


def random_weights(model: Any) -> None:
    """Nothing equal to zero or to another: a converter leaves out or merges such."""
    dice = np.random.default_rng(7)
    model.set_weights(
        [
            dice.uniform(0.05, 0.3, one.shape).astype(one.dtype)
            for one in model.get_weights()
        ]
    )


def tflite_of(model: Any, form: str) -> bytes:
    shape = tuple(one or 1 for one in model.input_shape)
    return converted(tf.lite.TFLiteConverter.from_keras_model(model), form, shape)


def converted(converter: Any, form: str, shape: tuple[int, ...]) -> bytes:
    if form != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if form == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if form == "int8":
        dice = np.random.default_rng(5)
        converter.representative_dataset = lambda: (
            [dice.normal(size=shape).astype("float32")] for _ in range(SAMPLES)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    made: bytes = converter.convert()
    return made


def interpreted(path: Path) -> Expected:
    """What TensorFlow's interpreter finds: multiply-adds by operator, and constants."""
    interpreter = tf.lite.Interpreter(model_path=str(path))
    tensors = {one["index"]: one for one in interpreter.get_tensor_details()}
    macs = 0
    made: set[int] = set()
    for call in interpreter._get_ops_details():
        name, (inputs, outputs) = call["op_name"], (call["inputs"], call["outputs"])
        made |= set(map(int, outputs))
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            kernel = tensors[inputs[1]]["shape"]
            each = prod(kernel[1:]) if name == "CONV_2D" else prod(kernel[1:3])
            macs += int(prod(tensors[outputs[0]]["shape"]) * each)
        elif name == "FULLY_CONNECTED":
            taken = tensors[inputs[1]]["shape"][-1]
            macs += int(prod(tensors[outputs[0]]["shape"]) * taken)
        elif name == "BATCH_MATMUL":
            taken = tensors[inputs[0]]["shape"][-1]
            macs += int(prod(tensors[outputs[0]]["shape"]) * taken)
        elif name == "TRANSPOSE_CONV":
            kernel, image = tensors[inputs[1]]["shape"], tensors[inputs[2]]["shape"]
            macs += int(prod(kernel) * prod(image[1:3]))
    return {"interpreter_macs": macs}


def write(folder: Path, wanted: str) -> dict[str, Expected]:
    found: dict[str, Expected] = {}
    for name, make in NETWORKS.items():
        if wanted not in name:
            continue
        keras.backend.clear_session()
        model = make()
        random_weights(model)
        expected = {"source": name, **expected_of(model)}
        for form in FORMS:
            path = folder / f"{name}_{form}.tflite"
            try:
                if not path.exists():
                    path.write_bytes(tflite_of(model, form))
                found[path.name] = {**expected, **interpreted(path)}
            except Exception as fault:
                print(f"{path.name}: not converted: {str(fault).splitlines()[:1]}")
        for writer in (tf2onnx_of, keras_onnx_of):
            path = folder / f"{name}_{writer.__name__.removesuffix('_of')}.onnx"
            try:
                if not path.exists():
                    writer(model, path)
                found[path.name] = expected
            except Exception as fault:
                print(f"{path.name}: not exported: {str(fault).splitlines()[:1]}")
        print(name, flush=True)
    return found


def tf2onnx_of(model: Any, path: Path) -> None:
    import tf2onnx

    shape = tuple(one or 1 for one in model.input_shape)
    function = tf.function(lambda x: model(x, training=False), autograph=False)
    signature = [tf.TensorSpec(shape, tf.float32, name="input")]
    tf2onnx.convert.from_function(function, signature, opset=17, output_path=str(path))


def keras_onnx_of(model: Any, path: Path) -> None:
    model.export(str(path), format="onnx", verbose=False)


# --- files with more than one graph -----------------------------------------------


class Several(tf.Module):
    """Two signatures, a loop and a branch with a matrix product each."""

    def __init__(self) -> None:
        super().__init__()
        dice = np.random.default_rng(3)
        self.w = tf.Variable(dice.normal(size=(8, 8)).astype("float32"))
        self.v = tf.Variable(dice.normal(size=(8, 5)).astype("float32"))
        self.u = tf.Variable(dice.normal(size=(8, 8)).astype("float32"))

    @tf.function(input_signature=[tf.TensorSpec((1, 8), tf.float32)])
    def encode(self, x: Any) -> Any:
        return {"code": tf.matmul(x, self.v)}

    @tf.function(input_signature=[tf.TensorSpec((1, 8), tf.float32)])
    def repeat(self, x: Any) -> Any:
        steps = tf.constant(0)
        return {
            "y": tf.while_loop(
                lambda i, _: i < 7,
                lambda i, x: (i + 1, tf.nn.tanh(tf.matmul(x, self.w))),
                (steps, x),
            )[1]
        }

    @tf.function(input_signature=[tf.TensorSpec((1, 8), tf.float32)])
    def choose(self, x: Any) -> Any:
        return {
            "y": tf.cond(
                tf.reduce_sum(x) > 0,
                lambda: tf.matmul(x, self.w),
                lambda: tf.matmul(tf.nn.relu(tf.matmul(x, self.u)), self.w),
            )
        }

    @tf.function(input_signature=[tf.TensorSpec((1, 8), tf.float32)])
    def select(self, x: Any) -> Any:
        """An operator that only TensorFlow has, after a matrix product."""
        y = tf.matmul(x, self.w)
        return {"y": tf.linalg.inv(tf.matmul(y, y, transpose_a=True))}


def write_several(folder: Path) -> None:
    module = Several()
    saved = folder / "several_saved"
    tf.saved_model.save(
        module,
        str(saved),
        signatures={
            name: getattr(module, name) for name in ("encode", "repeat", "choose")
        },
    )
    made = tf.lite.TFLiteConverter.from_saved_model(str(saved))
    (folder / "several.tflite").write_bytes(made.convert())
    for name in ("repeat", "choose", "select"):
        function = getattr(module, name).get_concrete_function()
        one = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
        one.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS,
            tf.lite.OpsSet.SELECT_TF_OPS,
        ]
        (folder / f"only_{name}.tflite").write_bytes(one.convert())
    custom = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.select.get_concrete_function()], module
    )
    custom.allow_custom_ops = True
    (folder / "only_custom.tflite").write_bytes(custom.convert())


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    if wanted in "several":
        write_several(folder)
    found = write(folder, wanted)
    told = folder / "keras.json"
    known = json.loads(told.read_text()) if told.exists() else {}
    told.write_text(json.dumps({**known, **found}, indent=1))


if __name__ == "__main__":
    main()
