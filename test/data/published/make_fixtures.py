# Writes small files in the formats of published data sets, with the tools that people use for them,
# and what has to be read from them: python make_fixtures.py FOLDER
# Needs numpy, scipy, h5py, pyarrow and pillow.
import hashlib, io, json, os, pickle, struct, sys, tarfile

import h5py, numpy as np, pyarrow as pa, pyarrow.parquet as pq, scipy.io
from PIL import Image

out = sys.argv[1]
random = np.random.default_rng(14)
expected = {}


def path(name):
    full = os.path.join(out, name)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


def pictures(count, side=32):
    """uint8 [count, 3, side, side], smooth so that files are small."""
    small = random.integers(0, 255, (count, 3, 4, 4), dtype=np.uint8)
    return np.repeat(np.repeat(small, side // 4, axis=2), side // 4, axis=3)


def remember(name, planes, labels):
    rows = [{"sha256": hashlib.sha256(p.tobytes()).hexdigest(), "label": int(l)} for p, l in zip(planes, labels)]
    expected.setdefault(name, []).extend(rows)


# CIFAR-10, both versions: the same pictures.
for batch in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]:
    planes, labels = pictures(4), [int(l) for l in random.integers(0, 10, 4)]
    data = planes.reshape(4, 3072)
    content = {b"batch_label": batch.encode(), b"labels": labels, b"data": data,
               b"filenames": [f"{batch}_{i}.png".encode() for i in range(4)]}
    with open(path(f"cifar10/cifar-10-batches-py/{batch}"), "wb") as file:
        pickle.dump(content, file, protocol=2)
    with open(path(f"cifar10-bin/cifar-10-batches-bin/{batch}.bin"), "wb") as file:
        for label, row in zip(labels, data):
            file.write(bytes([label]) + row.tobytes())
    for name in ["cifar10", "cifar10-bin"]:
        remember(f"{name}/{'test' if batch == 'test_batch' else 'train'}", planes, labels)

# CIFAR-100.
for part, count in [("train", 12), ("test", 4)]:
    planes = pictures(count)
    fine, coarse = random.integers(0, 100, count), random.integers(0, 20, count)
    content = {"fine_labels": fine.tolist(), "coarse_labels": coarse.tolist(),
               "data": planes.reshape(count, 3072)}
    with open(path(f"cifar100/{part}"), "wb") as file:
        pickle.dump(content, file, protocol=4)
    with open(path(f"cifar100-bin/{part}.bin"), "wb") as file:
        for f, c, row in zip(fine, coarse, planes.reshape(count, 3072)):
            file.write(bytes([c, f]) + row.tobytes())
    remember(f"cifar100/{part}", planes, fine)
    remember(f"cifar100-bin/{part}", planes, fine)

# CIFAR-10-C: five severities, of which the third is read.
planes, labels = pictures(20), random.integers(0, 10, 20)
np.save(path("cifar10-c/CIFAR-10-C/fog.npy"), planes.transpose(0, 2, 3, 1))
np.save(path("cifar10-c/CIFAR-10-C/labels.npy"), labels)
remember("cifar10-c/test", planes[8:12], labels[8:12])

# SVHN, versions 5 (compressed and not) and 7.3.
for part, count in [("train", 12), ("test", 5)]:
    planes, labels = pictures(count), random.integers(1, 11, (count, 1))
    matlab = planes.transpose(2, 3, 1, 0)  # height, width, channel, picture
    scipy.io.savemat(path(f"svhn/{part}_32x32.mat"), {"X": matlab, "y": labels.astype(np.uint8)}, do_compression=True)
    scipy.io.savemat(path(f"svhn-plain/{part}_32x32.mat"), {"y": labels.astype(np.float64), "X": matlab})
    name = path(f"svhn-v73/{part}_32x32.mat")
    with h5py.File(name, "w", userblock_size=512) as file:
        file.create_dataset("X", data=matlab.transpose(), compression="gzip", chunks=True)
        file.create_dataset("y", data=labels.transpose().astype(np.float64))
    with open(name, "r+b") as file:
        head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, HDF5 schema 1.00 ."
        file.write(head.ljust(116) + bytes(8) + b"\x00\x02IM")
    for name in ["svhn", "svhn-plain", "svhn-v73"]:
        remember(f"{name}/{part}", planes, labels[:, 0] % 10)

# MNIST, one file of each pair compressed.
import gzip
for part, count in [("train", 12), ("t10k", 5)]:
    grey, labels = pictures(count, 28)[:, 0], random.integers(0, 10, count).astype(np.uint8)
    with open(path(f"mnist/{part}-images-idx3-ubyte"), "wb") as file:
        file.write(struct.pack(">IIII", 0x803, count, 28, 28) + grey.tobytes())
    with gzip.GzipFile(path(f"mnist/{part}-labels-idx1-ubyte.gz"), "wb", mtime=0) as file:
        file.write(struct.pack(">II", 0x801, count) + labels.tobytes())
    remember(f"mnist/{'test' if part == 't10k' else part}", np.repeat(grey[:, None], 3, axis=1), labels)


def encoded(planes, format="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(planes.transpose(1, 2, 0)).save(buffer, format)
    return buffer.getvalue()


# Parquet as Hugging Face's datasets writes it, in several compressions and row groups.
for compression in ["snappy", "zstd", "gzip", "none"]:
    planes, labels = pictures(10, 16), [i % 2 for i in range(10)]
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({
        "image": pa.array([{"bytes": encoded(p), "path": f"{i}.png"} for i, p in enumerate(planes)], type=image),
        "label": pa.array(labels, type=pa.int64()),
        "question": [f"Which one is number {i}?" for i in range(10)],
    })
    features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"},
                "question": {"dtype": "string", "_type": "Value"}}
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, path(f"parquet/{compression}.parquet"), compression=compression, row_group_size=4)
    remember(f"parquet/{compression}", planes, labels)

# WebDataset.
planes, labels = pictures(8, 16), [i % 2 for i in range(8)]
with tarfile.open(path("webdataset/shard-000.tar"), "w", format=tarfile.PAX_FORMAT) as tar:
    for i, (p, label) in enumerate(zip(planes, labels)):
        long = "a" * 120 if i == 3 else ""
        for ending, content in [("png", encoded(p)), ("cls", str(label).encode())]:
            info = tarfile.TarInfo(f"{long}{i:06d}.{ending}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
remember("webdataset", planes, labels)

# SVHN with so few classes that they lie in the tag of their element.
for part, count in [("train", 12), ("test", 2)]:
    planes, labels = pictures(count), random.integers(1, 11, (count, 1))
    scipy.io.savemat(path(f"svhn-few/{part}_32x32.mat"), {"X": planes.transpose(2, 3, 1, 0), "y": labels.astype(np.uint8)})
    remember(f"svhn-few/{part}", planes, labels[:, 0] % 10)

# CIFAR-10 with labels as NumPy's array, or as its numbers.
for batch in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]:
    planes, labels = pictures(2), random.integers(0, 10, 2)
    numbers = labels if batch == "test_batch" else list(labels)
    with open(path(f"cifar10-numpy/cifar-10-batches-py/{batch}"), "wb") as file:
        pickle.dump({"labels": numbers, "data": planes.reshape(2, 3072)}, file, protocol=4)
    remember(f"cifar10-numpy/{'test' if batch == 'test_batch' else 'train'}", planes, labels)

# Parquet with a list of one picture in each row.
planes, labels = pictures(6, 16), [i % 2 for i in range(6)]
images = pa.array([[{"bytes": encoded(p), "path": None}] for p in planes], type=pa.list_(image))
pq.write_table(pa.table({"images": images, "label": labels}), path("parquet/list.parquet"))
remember("parquet/list", planes, labels)

# Parquet with two columns of classes; some rows have a path beside the file in place of bytes.
planes, labels = pictures(6, 8), [i % 2 for i in range(6)]
alone = [1, 4]
for i in alone:
    with open(path(f"parquet/beside/{i}.png"), "wb") as file:
        file.write(encoded(planes[i]))
rows = [{"bytes": None if i in alone else encoded(p), "path": f"beside/{i}.png"} for i, p in enumerate(planes)]
table = pa.table({"image": pa.array(rows, type=image), "quality": [i // 3 for i in range(6)], "label": labels})
features = {"image": {"_type": "Image"}, "quality": {"names": ["good", "bad"], "_type": "ClassLabel"},
            "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
pq.write_table(table, path("parquet/paths.parquet"), row_group_size=3)
remember("parquet/paths", planes, labels)

with open(path("expected.json"), "w") as file:
    json.dump(expected, file, indent=0)
