# Writes files of the formats that data sets come in, with the tools that people use for them, sound
# and damaged, and cases.json, which says what has to become of each: python make_files.py FOLDER
# `deno run -A test/tools/data_formats.ts FOLDER` reads them. Needs numpy, scipy, h5py, pyarrow, pillow.
import base64, csv, gzip, hashlib, io, json, os, pickle, struct, sys, tarfile, zlib

import h5py, numpy as np, pyarrow as pa, pyarrow.parquet as pq, scipy.io
from PIL import Image

out = sys.argv[1]
random = np.random.default_rng(41)
cases = []
COUNT = 12
NAMES = ["cat", "dog"]


def path(name):
    full = os.path.join(out, name)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


def png(planes):
    buffer = io.BytesIO()
    Image.fromarray(planes.transpose(1, 2, 0)).save(buffer, "PNG")
    return buffer.getvalue()


planes = random.integers(0, 255, (COUNT, 3, 12, 10), dtype=np.uint8)
files = [png(p) for p in planes]
digests = [hashlib.sha256(p.tobytes()).hexdigest() for p in planes]
labels = [i % 2 for i in range(COUNT)]
truth = [{"answer": NAMES[l], "sha256": d} for l, d in zip(labels, digests)]


def good(name, spec, rows=truth, **more):
    """A case that has to be read, its rows in order."""
    cases.append({"name": name, "dataset": spec, "rows": rows, **more})


def bad(name, spec, word="", **more):
    """A case that has to be refused in words, of which one is `word`."""
    cases.append({"name": name, "dataset": spec, "refused": word, **more})


# ---- Parquet -------------------------------------------------------------------------------------
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
IMAGES = pa.array([{"bytes": f, "path": f"{i}.png"} for i, f in enumerate(files)], type=IMAGE)
QUESTIONS = [f"Which animal is number {i}?" for i in range(COUNT)]
FEATURES = {"image": {"_type": "Image"}, "label": {"names": NAMES, "_type": "ClassLabel"}}


def parquet(name, columns, features=FEATURES, table=None, **options):
    table = pa.table(columns) if table is None else table
    if features is not None:
        meta = {"huggingface": json.dumps({"info": {"features": features}})}
        table = table.replace_schema_metadata(meta)
    full = path(f"parquet/{name}.parquet")
    pq.write_table(table, full, **options)
    return {"parquet": full}


def plain(**more):
    return {"image": IMAGES, "label": pa.array(labels, pa.int64()), "question": QUESTIONS, **more}


for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    for version in ["1.0", "2.0"]:
        for dictionary in [True, False]:
            name = f"{codec}-v{version[0]}-{'dictionary' if dictionary else 'plain'}"
            good(f"parquet {name}", parquet(name, plain(), compression=codec, use_dictionary=dictionary,
                 data_page_version=version, row_group_size=5, data_page_size=300))

for encoding, column in [("DELTA_BINARY_PACKED", "label"), ("DELTA_LENGTH_BYTE_ARRAY", "question"),
                         ("DELTA_BYTE_ARRAY", "question"), ("PLAIN", "question"),
                         ("DELTA_LENGTH_BYTE_ARRAY", "image.bytes"), ("DELTA_BYTE_ARRAY", "image.bytes"),
                         ("BYTE_STREAM_SPLIT", "weight"), ("BYTE_STREAM_SPLIT", "label")]:
    for version in ["1.0", "2.0"]:
        name = f"{encoding.lower()}-{column}-v{version[0]}"
        columns = plain(weight=pa.array(np.linspace(0, 1, COUNT), pa.float32()))
        good(f"parquet {name}", parquet(name, columns, use_dictionary=False, data_page_version=version,
             column_encoding={column: encoding}, row_group_size=7))

for kind in [pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.float32(), pa.float64()]:
    good(f"parquet label {kind}", parquet(f"label-{kind}", plain(label=pa.array(labels, pa.int64()).cast(kind))))
for kind in [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]:
    words = pa.array([NAMES[l] for l in labels]).cast(kind) if kind != pa.string_view() else pa.array([NAMES[l] for l in labels], pa.string_view())
    name = f"label-{kind}".replace("<", "-").replace(">", "").replace(", ", "-").replace("=", "-")
    good(f"parquet label {kind}", parquet(name, plain(label=words), features=None))
for kind in [pa.binary(), pa.large_binary(), pa.binary_view()]:
    good(f"parquet image {kind}", parquet(f"image-{kind}", plain(image=pa.array(files, kind))))
large = pa.struct([("bytes", pa.large_binary()), ("path", pa.large_string())])
good("parquet image large struct", parquet("image-large", plain(image=IMAGES.cast(large))))
turned = pa.array([{"path": f"{i}.png", "bytes": f} for i, f in enumerate(files)], pa.struct([("path", pa.string()), ("bytes", pa.binary())]))
good("parquet image path first", parquet("image-turned", plain(image=turned)))
good("parquet image without path", parquet("image-bytes-alone", plain(image=pa.array([{"bytes": f} for f in files], pa.struct([("bytes", pa.binary())])))))
good("parquet bool column", parquet("bool", plain(flag=[bool(l) for l in labels])))
good("parquet nulls in other columns", parquet("nulls", plain(note=[None if i % 3 else "x" for i in range(COUNT)], number=pa.array([None if i % 2 else i for i in range(COUNT)]))))
good("parquet all-null column", parquet("null-column", plain(hint=pa.nulls(COUNT))))
good("parquet null-typed string column", parquet("null-strings", plain(hint=pa.array([None] * COUNT, pa.string()))))
bad("parquet null label", parquet("null-label", plain(label=pa.array([None if i == 3 else l for i, l in enumerate(labels)]))), "row 4")
bad("parquet null picture", parquet("null-picture", plain(image=pa.array([None if i == 3 else {"bytes": f, "path": ""} for i, f in enumerate(files)], IMAGE))), "no image")
bad("parquet null bytes", parquet("null-bytes", plain(image=pa.array([{"bytes": None if i == 3 else f, "path": f"{i}.png"} for i, f in enumerate(files)], IMAGE))), "3.png")
bad("parquet picture that is none", parquet("no-picture", plain(image=pa.array([{"bytes": b"hello" if i == 3 else f, "path": ""} for i, f in enumerate(files)], IMAGE))), "image")
bad("parquet NaN as label", parquet("nan-label", plain(label=pa.array([np.nan if i == 3 else float(l) for i, l in enumerate(labels)]))), "row 4")
bad("parquet struct as label", parquet("struct-label", plain(label=pa.array([{"a": l} for l in labels])), features=None), "row 1")
bad("parquet pictures in a column of numbers", {**parquet("numbers", plain(n=labels)), "columns": {"image": "n"}}, "neither images")
good("parquet ids beyond 2^53", parquet("ids", plain(id=pa.array([2**62 + i for i in range(COUNT)]))))
good("parquet timestamps, decimals, dates, maps, structs", parquet("types", plain(
    when=pa.array(np.arange(COUNT), pa.timestamp("us", "UTC")), day=pa.array(np.arange(COUNT), pa.int32()).cast(pa.date32()),
    price=pa.array([None] * COUNT, pa.decimal128(20, 3)), tags=pa.array([[("a", 1)]] * COUNT, pa.map_(pa.string(), pa.int32())),
    box=pa.array([{"x": 1, "deep": {"y": [1, 2]}}] * COUNT), time=pa.array(np.arange(COUNT), pa.int32()).cast(pa.time32("ms")),
    fixed=pa.array([b"abcd"] * COUNT, pa.binary(4)), half=pa.array(np.arange(COUNT).astype(np.float16)))))
lists = [["a", "b", "c"][: 2 + i % 2] for i in range(COUNT)]
answers = [i % 2 for i in range(COUNT)]
choices = [{"answer": "AB"[a], "sha256": d} for a, d in zip(answers, digests)]
for compliant in [True, False]:
    for version in ["1.0", "2.0"]:
        for codec in ["snappy", "zstd"]:
            good(f"parquet choices {compliant} {version} {codec}", parquet(f"choices-{compliant}-{version}-{codec}", {"image": IMAGES, "question": QUESTIONS,
                 "choices": pa.array(lists), "answer": answers, "hint": [""] * COUNT, "skill": pa.array([None] * COUNT, pa.string())},
                 features=None, use_compliant_nested_type=compliant, data_page_version=version, compression=codec, row_group_size=5), rows=choices)
good("parquet choices large list", parquet("choices-large", {"image": IMAGES, "question": QUESTIONS, "choices": pa.array(lists, pa.large_list(pa.large_string())), "answer": answers}, features=None), rows=choices)
good("parquet choices list view", parquet("choices-fixed", {"image": IMAGES, "question": QUESTIONS, "choices": pa.array([["a", "b"]] * COUNT, pa.list_(pa.string(), 2)), "answer": answers}, features=None), rows=choices)
people = [[{"answer": "red" if k < 7 else "blue", "answer_confidence": "yes", "answer_id": k} for k in range(10)]] * COUNT
good("parquet ten answers", parquet("ten-answers", {"image": IMAGES, "question": QUESTIONS, "answers": pa.array(people), "multiple_choice_answer": ["red"] * COUNT}, features=None),
     rows=[{"answer": "red", "sha256": d} for d in digests])
good("parquet empty lists", parquet("empty-lists", plain(tags=pa.array([[] if i % 2 else ["x"] for i in range(COUNT)]), more=pa.array([None if i % 3 else [] for i in range(COUNT)], pa.list_(pa.int32())))))
one = pa.array([[{"bytes": f, "path": None}] for f in files], pa.list_(IMAGE))
good("parquet list of one picture", parquet("images", {"images": one, "label": labels, "question": QUESTIONS}))
bad("parquet list of two pictures", parquet("images-two", {"images": pa.array([[{"bytes": f, "path": None}] * 2 for f in files], pa.list_(IMAGE)), "label": labels}), "image")
good("parquet page index, checksums, sorted", parquet("index", plain(), write_page_index=True, write_page_checksum=True, sorting_columns=[pq.SortingColumn(1)]))
good("parquet without Arrow's schema", parquet("no-arrow", plain(label=[NAMES[l] for l in labels]), store_schema=False))
for version in ["1.0", "2.4", "2.6"]:
    good(f"parquet format {version}", parquet(f"format-{version}", plain(), version=version))
good("parquet statistics off, one row a group", parquet("rows", plain(), write_statistics=False, row_group_size=1))
good("parquet dots in names", parquet("dots", plain(**{"a.b": QUESTIONS})))
good("parquet name with spaces", parquet("with spaces, ü", plain()))
os.makedirs(path("parquet-dir/x"), exist_ok=True)
half = COUNT // 2
for i, part in enumerate(["train-00000-of-00002", "train-00001-of-00002"]):
    pq.write_table(pa.table(plain()).slice(i * half, half).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": FEATURES}})}), path(f"parquet-dir/data/{part}.parquet"))
good("parquet folder of two files", {"parquet": os.path.join(out, "parquet-dir")})
for i, f in enumerate(files):
    open(path(f"parquet-named/pics/{i}.png"), "wb").write(f)
pq.write_table(pa.table({"file_name": [f"pics/{i}.png" for i in range(COUNT)], "label": [NAMES[l] for l in labels]}), path("parquet-named/rows.parquet"))
good("parquet names of files", {"parquet": os.path.join(out, "parquet-named/rows.parquet")})
paths = pa.array([{"bytes": None, "path": f"pics/{i}.png"} for i in range(COUNT)], IMAGE)
pq.write_table(pa.table({"image": paths, "label": [NAMES[l] for l in labels]}), path("parquet-named/paths.parquet"))
good("parquet paths in place of bytes", {"parquet": os.path.join(out, "parquet-named/paths.parquet")})
for name, place in [("missing", "pics/none.png"), ("outside", "../../etc/passwd"), ("url", "https://example.com/a.png")]:
    some = pa.array([{"bytes": None if i == 3 else f, "path": place if i == 3 else f"{i}.png"} for i, f in enumerate(files)], IMAGE)
    bad(f"parquet path that is {name}", parquet(f"path-{name}", plain(image=some)), place)
two = {**FEATURES, "quality": {"names": ["good", "bad"], "_type": "ClassLabel"}}
quality = [i % 2 for i in range(COUNT)]
good("parquet two columns of classes", parquet("two-classes", {"quality": quality, **plain()}, features={"quality": two["quality"], **FEATURES}))
good("parquet the other column of classes", {**parquet("other-classes", plain(quality=quality), features=two), "columns": {"label": "quality"}},
     rows=[{"answer": ["good", "bad"][q], "sha256": d} for q, d in zip(quality, digests)])
for names in [["no", "yes"], ["yes", "no"]]:
    said = [i % 2 for i in range(COUNT)]
    good(f"parquet answers {names}", parquet(f"answers-{names[0]}", {"image": IMAGES, "question": QUESTIONS, "answer": said}, features={"answer": {"names": names, "_type": "ClassLabel"}}),
         rows=[{"answer": names[a], "sha256": d} for a, d in zip(said, digests)])
whole = open(parquet("whole", plain(), row_group_size=5)["parquet"], "rb").read()


def raw(name, content):
    open(path(f"raw/{name}"), "wb").write(content)
    return os.path.join(out, "raw", name)


for cut in [0, 3, 4, 100, len(whole) // 2, len(whole) - 100, len(whole) - 9, len(whole) - 8, len(whole) - 4, len(whole) - 1]:
    bad(f"parquet cut at {cut}", {"parquet": raw(f"cut-{cut}.parquet", whole[:cut])})
bad("parquet without its start", {"parquet": raw("late.parquet", whole[50:])})
for at in range(10, len(whole), max(1, len(whole) // 40)):
    changed = bytearray(whole)
    changed[at] ^= 0xFF
    cases.append({"name": f"parquet byte {at} changed", "dataset": {"parquet": raw(f"changed-{at}.parquet", bytes(changed))}, "either": True})
for size in [0, 1, 2**31 - 1, 2**32 - 1]:
    bad(f"parquet footer of {size}", {"parquet": raw(f"footer-{size}.parquet", whole[:-8] + struct.pack("<I", size) + b"PAR1")})
bad("parquet encrypted", {"parquet": raw("encrypted.parquet", b"PARE" + whole[4:-4] + b"PARE")})
bad("parquet that is a csv", {"parquet": raw("text.parquet", b"image,label\na.png,cat\n")})
bad("parquet of no rows", parquet("no-rows", table=pa.table(plain()).slice(0, 0), columns=None))
bad("parquet without pictures", parquet("no-pictures", {"a": [1, 2], "b": [3, 4]}, features=None), "column")
bad("parquet bomb", parquet("bomb", {"image": pa.array([bytes(300 * 2**20)] + files[1:], pa.binary()), "label": labels}, compression="zstd", use_dictionary=False))
del cases[-1]["dataset"]["parquet"]
cases[-1]["dataset"]["parquet"] = os.path.join(out, "parquet/bomb.parquet")
bad("parquet column that is not there", {**parquet("column", plain()), "columns": {"label": "lable"}}, "label")

# ---- tar -----------------------------------------------------------------------------------------
def tar(name, entries, format=tarfile.USTAR_FORMAT, mode="w", headers=None):
    full = path(f"tar/{name}")
    with tarfile.open(full, mode, format=format, pax_headers=headers or {}) as archive:
        for entry in entries:
            info, content = entry if isinstance(entry[0], tarfile.TarInfo) else (tarfile.TarInfo(entry[0]), entry[1])
            if content is not None:
                info.size = len(content)
            archive.addfile(info, None if content is None else io.BytesIO(content))
    return {"webdataset": full}


def samples(prefix="", ending="cls"):
    for i, f in enumerate(files):
        yield f"{prefix}{i:04d}.png", f
        content = json.dumps({"label": NAMES[labels[i]]}) if ending == "json" else NAMES[labels[i]]
        yield f"{prefix}{i:04d}.{ending}", content.encode()


long, deep = "n" * 90 + "/" + "m" * 120 + "/", "d" * 60 + "/" + "e" * 80 + "/"
for label, format in [("ustar", tarfile.USTAR_FORMAT), ("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT)]:
    for ending in ["cls", "json"]:
        good(f"tar {label} {ending}", tar(f"{label}-{ending}.tar", samples(ending=ending), format))
    good(f"tar {label} long", tar(f"{label}-deep.tar", samples(deep), format))
    if label != "ustar":
        good(f"tar {label} longer", tar(f"{label}-long.tar", samples(long), format))
        good(f"tar {label} umlauts", tar(f"{label}-umlaut.tar", samples("Bücher/日本/"), format))
    good(f"tar {label} with ./", tar(f"{label}-dot.tar", samples("./"), format))
good("tar pax global header", tar("global.tar", samples(), tarfile.PAX_FORMAT, headers={"comment": "x" * 200}))
folder = tarfile.TarInfo("pets"); folder.type = tarfile.DIRTYPE
good("tar with folders", tar("folders.tar", [(folder, None), *samples("pets/")]))
mtime = []
for name, content in samples():
    info = tarfile.TarInfo(name); info.mtime = 1.25; info.uname = "ü" * 40
    mtime.append((info, content))
good("tar pax times and owners", tar("times.tar", mtime, tarfile.PAX_FORMAT))
for ending, mode in [("tar.gz", "w:gz"), ("tgz", "w:gz")]:
    good(f"tar .{ending}", tar(f"packed.{ending}", samples(), mode=mode))
bad("tar that is compressed and called .tar", tar("packed.tar", samples(), mode="w:gz")) if False else good("tar that is compressed and called .tar", tar("packed.tar", samples(), mode="w:gz"))
with pa.CompressedOutputStream(path("tar/packed.tar.zst"), "zstd") as file:
    file.write(open(path("tar/ustar-cls.tar"), "rb").read())
good("tar .tar.zst", {"webdataset": os.path.join(out, "tar/packed.tar.zst")})
zst = open(path("tar/packed.tar.zst"), "rb").read()
for cut in [5, len(zst) // 2, len(zst) - 5]:
    bad(f"tar .tar.zst cut at {cut}", {"webdataset": raw(f"cut-{cut}.tar.zst", zst[:cut])})
bad("tar .bz2", tar("packed.tar.bz2", samples(), mode="w:bz2"))
bad("tar .xz", tar("packed.tar.xz", samples(), mode="w:xz"))
classes = [(f"{NAMES[labels[i]]}/{i:02d}.png", f) for i, f in enumerate(files)]
good("tar of class folders", tar("classes.tar", classes))


def linked(kind, target):
    info = tarfile.TarInfo("0100.png"); info.type = kind; info.linkname = target
    return tar(f"link-{kind.decode()}-{target.replace('/', '_')}.tar", [*samples(), (info, None), ("0100.cls", b"cat")])


good("tar hard link to a picture in it", linked(tarfile.LNKTYPE, "0000.png"), rows=truth + [{"answer": "cat", "sha256": digests[0]}])
bad("tar hard link to a name that is not in it", linked(tarfile.LNKTYPE, "../../etc/passwd"), "link")
bad("tar symbolic link", linked(tarfile.SYMTYPE, "/etc/passwd"), "link")
device = tarfile.TarInfo("0100.png"); device.type = tarfile.CHRTYPE; device.devmajor = 1
bad("tar device", tar("device.tar", [*samples(), (device, None), ("0100.cls", b"cat")]), "device")
sparse = tarfile.TarInfo("0100.png"); sparse.type = tarfile.GNUTYPE_SPARSE
bad("tar sparse (GNU)", tar("sparse.tar", [*samples(), (sparse, b"")], tarfile.GNU_FORMAT), "sparse")
sparse = tarfile.TarInfo("GNUSparseFile.0/0100.png"); sparse.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "0100.png", "GNU.sparse.realsize": "4096"}
bad("tar sparse (pax)", tar("sparse-pax.tar", [*samples(), (sparse, bytes(512))], tarfile.PAX_FORMAT), "sparse")
good("tar traversal in names is only a name", tar("traversal.tar", samples("../../")))
good("tar absolute names are only names", tar("absolute.tar", samples("/etc/")))
whole_tar = open(tar("whole.tar", samples())["webdataset"], "rb").read()
for cut in [0, 100, 512, 600, 1024, 3000, 5120]:
    bad(f"tar cut at {cut}", {"webdataset": raw(f"cut-{cut}.tar", whole_tar[:cut])})
end = whole_tar.rstrip(b"\0")
bad("tar without the two empty blocks, as one that is cut off", {"webdataset": raw("no-end.tar", whole_tar[: (len(end) + 511) // 512 * 512])})
good("tar with more behind its end", {"webdataset": raw("behind.tar", whole_tar + b"junk" * 300)})
broken = bytearray(whole_tar); broken[124:136] = b"77777777777\0"
bad("tar size that leads out", {"webdataset": raw("size.tar", bytes(broken))})
bad("tar that is a zip", {"webdataset": raw("zip.tar", b"PK\3\4" + bytes(2000))})
bad("tar of texts", tar("texts.tar", [("a.txt", b"x"), ("b.txt", b"y")]), "image")
bad("tar without classes", tar("no-classes.tar", [(f"{i}.png", f) for i, f in enumerate(files)]))
bad("tar gz cut off", {"webdataset": raw("cut.tar.gz", open(path("tar/packed.tar.gz"), "rb").read()[:-200])})
bomb = io.BytesIO()
with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=9) as file:
    info = tarfile.TarInfo("0000.png"); info.size = 6 * 2**30
    file.write(info.tobuf(tarfile.GNU_FORMAT))
    for _ in range(6 * 64):
        file.write(bytes(2**24))
bad("tar gz bomb", {"webdataset": raw("bomb.tar.gz", bomb.getvalue())})
halves = open(path("tar/ustar-cls.tar"), "rb").read()
good("tar of two gzip members", {"webdataset": raw("members.tar.gz", gzip.compress(halves[:5000]) + gzip.compress(halves[5000:]))})
good("tar pictures beside others, classes with names", tar("beside.tar", [e for i, f in enumerate(files) for e in [(f"{i:04d}.depth.png", files[0]), (f"{i:04d}.png", f), (f"{i:04d}.target.cls", NAMES[labels[i]].encode())]]))
bad("tar two files of one name", tar("twice.tar", [*samples(), ("0000.png", files[1])]), "0000.png")
bad("tar json that is none", tar("json.tar", [("0.png", files[0]), ("0.json", b"{oops")]), "json")
bad("tar text that is no text", tar("latin.tar", [("0.png", files[0]), ("0.cls", b"\xff\xfe")]), "cls")

# ---- CSV and JSON lines --------------------------------------------------------------------------
for i, f in enumerate(files):
    open(path(f"list/pics/{i}.png"), "wb").write(f)
for i, f in enumerate(files):
    open(path(f"list/odd/a, \"b\" {i};c.png"), "wb").write(f)
HEAD, ROWS = ["image", "label"], [[f"pics/{i}.png", NAMES[l]] for i, l in enumerate(labels)]


def listed(name, content, **more):
    full = path(f"list/{name}")
    open(full, "wb").write(content if isinstance(content, bytes) else content.encode())
    return {name.rsplit(".", 1)[1] if name.endswith("jsonl") else "csv": full, **more}


def table(rows=ROWS, head=HEAD, **options):
    buffer = io.StringIO()
    writer = csv.writer(buffer, **options)
    writer.writerows([head, *rows])
    return buffer.getvalue()


for name, options in [("crlf", {}), ("lf", {"lineterminator": "\n"}), ("cr", {"lineterminator": "\r"}), ("semicolon", {"delimiter": ";"}), ("tab", {"delimiter": "\t"}),
                      ("bar", {"delimiter": "|"}), ("quoted", {"quoting": csv.QUOTE_ALL}), ("semicolon-quoted", {"delimiter": ";", "quoting": csv.QUOTE_ALL})]:
    good(f"csv {name}", listed(f"{name}.csv", table(**options)))
    good(f"csv {name} BOM", listed(f"{name}-bom.csv", b"\xef\xbb\xbf" + table(**options).encode()))
good("tsv", listed("tab.tsv", table(delimiter="\t")))
good("csv without a last line break", listed("no-end.csv", table().rstrip("\r\n")))
good("csv with blank lines at its end", listed("blank.csv", table() + "\r\n\r\n"))
good("csv excel's sep=", listed("sep.csv", "sep=;\r\n" + table(delimiter=";")))
good("csv UTF-16", listed("utf16.csv", table().encode("utf-16")))
odd = [[f"odd/a, \"b\" {i};c.png", NAMES[l]] for i, l in enumerate(labels)]
good("csv quotes and commas in names", listed("odd.csv", table(odd)))
good("csv quotes and semicolons in names", listed("odd-semicolon.csv", table(odd, delimiter=";")))
good("csv line breaks in cells", listed("breaks.csv", table([[a, b, "two\nlines, \"quoted\""] for a, b in ROWS], HEAD + ["note"])))
good("csv spaces around names", listed("spaces.csv", table(ROWS, [" image ", " label "])))
good("csv upper case names", listed("upper.csv", table(ROWS, ["Image", "LABEL"])))
good("csv pandas' index", listed("index.csv", table([[i, a, b] for i, (a, b) in enumerate(ROWS)], ["", *HEAD])))
good("csv spreadsheet's empty rows and columns", listed("empty-rows.csv", table([[a, b, "", ""] for a, b in ROWS] + [["", "", "", ""]] * 3, HEAD + ["", ""])))
good("csv Windows' paths", listed("windows.csv", table([[a.replace("/", "\\"), b] for a, b in ROWS])))
good("csv blanks around names of files", listed("blanks.csv", table([[f" {a} ", b] for a, b in ROWS])))
for i, f in enumerate(files):
    open(path(f"list/composed/\u00e9{i}.png"), "wb").write(f)
good("csv letters of two signs", listed("signs.csv", table([[f"composed/e\u0301{i}.png", NAMES[l]] for i, l in enumerate(labels)])))
bad("csv base64", listed("base64.csv", table([[base64.b64encode(f).decode(), NAMES[l]] for f, l in zip(files, labels)])), "image as text")
bad("csv UTF-16 without its mark", listed("utf16-bare.csv", table().encode("utf-16-le")), "UTF-16")
bad("csv web page", listed("page.csv", "<!doctype html><html></html>"), "web page")
good("csv short rows at the end", listed("one.csv", table() ))
bad("csv latin-1", listed("latin.csv", table(ROWS[:-1] + [["pics/11.png", "Bär"]]).encode("latin-1")), "UTF-8")
bad("csv with a short row", listed("short.csv", table(ROWS[:3] + [["pics/3.png"]] + ROWS[4:])), "row 4")
bad("csv with a long row", listed("long.csv", table(ROWS[:3] + [["pics/3.png", "cat", "x"]] + ROWS[4:])), "row 4")
bad("csv with an open quote", listed("open.csv", table() + '"pics/1.png,cat\r\n'))
bad("csv empty", listed("empty.csv", ""))
bad("csv header alone", listed("head.csv", "image,label\n"))
bad("csv with two columns of a name", listed("twice.csv", table([[a, b, b] for a, b in ROWS], ["image", "label", "label"])), "label")
bad("csv without a column of pictures", listed("no-image.csv", table(ROWS, ["a", "b"])), "column")
bad("csv with NUL bytes", listed("nul.csv", table(ROWS[:3] + [["pics/\0.png", "cat"]] + ROWS[4:])))
bad("csv empty label", listed("no-label.csv", table(ROWS[:3] + [["pics/3.png", ""]] + ROWS[4:])), "row 4")
for i, name in enumerate(["../../../../etc/passwd", "/etc/passwd", "pics", "pics/none.png", "https://example.com/a.png", "file:///etc/passwd", "pics/\u202e.png", "/dev/zero", "pics/../../x.png", "C:\\x.png", "~/x.png", "|ls"]):
    bad(f"csv picture {name}", listed(f"name-{i}.csv", table(ROWS[:3] + [[name, "cat"]] + ROWS[4:])), "row 4")
    bad(f"jsonl picture {name}", listed(f"name-{i}.jsonl", "\n".join(json.dumps(dict(zip(HEAD, r))) for r in ROWS[:3] + [[name, "cat"]] + ROWS[4:])), "line 4")
maps = [dict(zip(HEAD, r)) for r in ROWS]
lines = "\n".join(map(json.dumps, maps))
good("jsonl", listed("plain.jsonl", lines))
good("jsonl CRLF, BOM, blank lines", listed("crlf.jsonl", b"\xef\xbb\xbf" + lines.replace("\n", "\r\n\r\n").encode() + b"\r\n"))
good("jsonl carriage returns alone", listed("mac.jsonl", lines.replace("\n", "\r")))
good("json map with a list", {"jsonl": (lambda f: (open(f, "w").write(json.dumps({"info": {}, "data": maps}, indent=1)), f)[1])(path("list/map.json"))})
bad("json map with two lists", {"jsonl": (lambda f: (open(f, "w").write(json.dumps({"images": maps, "annotations": maps})), f)[1])(path("list/maps.json"))}, "several lists")
good("jsonl pictures as { path }", listed("path.jsonl", "\n".join(json.dumps({**m, "image": {"path": m["image"], "bytes": None}}) for m in maps)))
good("jsonl that is a list", listed("list.jsonl", json.dumps(maps, indent=1)))
good("jsonl with more columns in some rows", listed("more.jsonl", "\n".join(json.dumps({**m, **({"x": [1]} if i % 2 else {})}) for i, m in enumerate(maps))))
good("jsonl answers of people", listed("people.jsonl", "\n".join(json.dumps({"image": m["image"], "question": "what?", "answers": ["red"] * 7 + ["blue"] * 3}) for m in maps)), rows=[{"answer": "red", "sha256": d} for d in digests])
good("jsonl choices", listed("choices.jsonl", "\n".join(json.dumps({"image": m["image"], "question": "what?", "choices": ["x", "y", "z"], "answer": i % 2}) for i, m in enumerate(maps))), rows=choices)
good("csv choices as JSON", listed("choices.csv", table([[a, "what?", json.dumps(["x", "y"]), i % 2] for i, (a, _) in enumerate(ROWS)], ["image", "question", "choices", "answer"])), rows=choices)
good("csv yes and no", listed("yes.csv", table([[a, "is it?", ["Yes", "NO"][i % 2]] for i, (a, _) in enumerate(ROWS)], ["image", "question", "answer"])), rows=[{"answer": ["yes", "no"][i % 2], "sha256": d} for i, d in enumerate(digests)])
for name, content, word in [("broken", lines + "\n{oops", "line 13"), ("list-row", lines + "\n[1]", "line 13"), ("text-row", lines + '\n"x"', "line 13"), ("null-row", lines + "\nnull", "line 13"),
                            ("number-image", lines + '\n{"image": 3, "label": "cat"}', "line 13"), ("map-label", lines + '\n{"image": "pics/1.png", "label": {"a": 1}}', "line 13"),
                            ("empty", "\n\n", ""), ("binary", b"\0\1\2\xff", ""), ("deep", "[" * 100000, ""), ("proto", lines + '\n{"__proto__": {"image": "pics/1.png"}, "label": "cat"}', "line 13")]:
    bad(f"jsonl {name}", listed(f"{name}.jsonl", content), word)

# ---- Published sets: CIFAR, SVHN, MNIST ------------------------------------------------------------
def small(count, side=32):
    return random.integers(0, 255, (count, 3, side, side), dtype=np.uint8)


def rows_of(planes, names):
    return [{"answer": n, "sha256": hashlib.sha256(p.tobytes()).hexdigest()} for p, n in zip(planes, names)]


CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
BATCHES = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]


class Code:
    def __reduce__(self):
        return os.system, ("touch /tmp/pickle-ran",)


def cifar(name, dump, prefix="cifar-10-batches-py/", count=4, ending=""):
    """Six batches by `dump(planes, labels, batch)`, and the rows of the last."""
    for batch in BATCHES:
        images, numbers = small(count), [int(x) for x in random.integers(0, 10, count)]
        open(path(f"{name}/{prefix}{batch}{ending}"), "wb").write(dump(images, numbers, batch))
    return {"set": "cifar10", "folder": os.path.join(out, name)}, rows_of(images, [CIFAR[n] for n in numbers])


def pickled(protocol, key=str, labels=list, data=lambda d: d):
    def dump(images, numbers, batch):
        content = {key("labels"): labels(numbers), key("data"): data(images.reshape(len(images), 3072)),
                   key("batch_label"): batch, key("filenames"): [f"{i}.png" for i in range(len(images))]}
        return pickle.dumps(content, protocol=protocol)
    return dump


for protocol in range(6):
    for kind, key in [("text", str), ("bytes", str.encode)]:
        spec, rows = cifar(f"cifar-p{protocol}-{kind}", pickled(protocol, key))
        good(f"cifar10 pickle protocol {protocol}, {kind} keys", spec, rows, split="test")
spec, rows = cifar("cifar-array", pickled(4, labels=np.array))
good("cifar10 labels as an array", spec, rows, split="test")
spec, rows = cifar("cifar-int", pickled(4, labels=lambda n: [np.int64(x) for x in n]))
good("cifar10 labels as numpy's integers", spec, rows, split="test")
spec, rows = cifar("cifar-fortran", pickled(4, data=np.asfortranarray))
good("cifar10 data in Fortran order", spec, rows, split="test")
binary = lambda images, numbers, batch: b"".join(bytes([n]) + i.tobytes() for i, n in zip(images, numbers))
spec, rows = cifar("cifar-bin", binary, "cifar-10-batches-bin/", ending=".bin")
good("cifar10 binary", spec, rows, split="test")
spec, rows = cifar("cifar-flat", binary, "", ending=".bin")
good("cifar10 binary without its folder", spec, rows, split="test")
for name, dump, word in [
    ("code", lambda i, n, b: pickle.dumps({"labels": Code(), "data": i.reshape(-1, 3072)}), "system"),
    ("short", lambda i, n, b: pickled(2)(i, n, b)[:-500], ""), ("empty", lambda i, n, b: b"", ""),
    ("list", lambda i, n, b: pickle.dumps([1, 2]), "dictionary"), ("floats", pickled(4, data=lambda d: d.astype(np.float32)), "bytes"),
    ("shape", pickled(4, data=lambda d: d[:, :3000]), "data"), ("fewer", pickled(4, labels=lambda n: n[:-1]), "labels"),
    ("eleven", pickled(4, labels=lambda n: [11] * len(n)), "11"), ("texts", pickled(4, labels=lambda n: ["cat"] * len(n)), "cat"),
    ("no-key", lambda i, n, b: pickle.dumps({"data": i.reshape(-1, 3072)}), "labels"), ("text", lambda i, n, b: b"hello", ""),
]:
    bad(f"cifar10 pickle {name}", cifar(f"cifar-bad-{name}", dump)[0], word)
bad("cifar10 binary cut off", cifar("cifar-cut", lambda *a: binary(*a)[:-7], "", ending=".bin")[0], "multiple")
bad("cifar10 binary class 10", cifar("cifar-class", lambda i, n, b: bytes([10]) + binary(i, n, b)[1:], "", ending=".bin")[0], "10")
os.makedirs(path("cifar-none/x"), exist_ok=True)
bad("cifar10 without files", {"set": "cifar10", "folder": os.path.join(out, "cifar-none")}, "data_batch_1")
for version, key in [("fine", 0), ("coarse", 0)]:
    for form in ["py", "bin"]:
        name = f"cifar100-{version}-{form}"
        for part, count in [("train", 8), ("test", 5)]:
            images, fine, coarse = small(count), [int(x) for x in random.integers(0, 100, count)], [int(x) for x in random.integers(0, 20, count)]
            if form == "py":
                content = pickle.dumps({b"fine_labels": fine, b"coarse_labels": coarse, b"data": images.reshape(count, 3072), b"filenames": [b"x"] * count}, protocol=2)
            else:
                content = b"".join(bytes([c, f]) + i.tobytes() for i, f, c in zip(images, fine, coarse))
            open(path(f"{name}/cifar-100-{'python/' if form == 'py' else 'binary/'}{part}{'.bin' if form == 'bin' else ''}"), "wb").write(content)
        good(f"cifar100 {version} {form}", {"set": "cifar100", "folder": os.path.join(out, name)},
             [{"sha256": r["sha256"], "number": n} for r, n in zip(rows_of(images, fine), fine if version == "fine" else coarse)], split="test", parameters={"labels": version})


def corrupted(name, images=None, labels=None, cut=None):
    for batch in BATCHES[:5]:
        open(path(f"{name}/cifar-10-batches-bin/{batch}.bin"), "wb").write(binary(small(4), [0, 1, 2, 3], batch))
    open(path(f"{name}/cifar-10-batches-bin/test_batch.bin"), "wb").write(binary(small(4), [0, 1, 2, 3], ""))
    images = small(20) if images is None else images
    labels = random.integers(0, 10, 20) if labels is None else labels
    np.save(path(f"{name}/CIFAR-10-C/fog.npy"), images.transpose(0, 2, 3, 1) if images.ndim == 4 else images)
    np.save(path(f"{name}/CIFAR-10-C/labels.npy"), labels)
    if cut:
        full = path(f"{name}/CIFAR-10-C/fog.npy"); content = open(full, "rb").read(); open(full, "wb").write(content[:-cut])
    return {"set": "cifar10-c", "folder": os.path.join(out, name)}, images, labels


for kind in [np.uint8, np.int32, np.int64, np.float64]:
    spec, images, numbers = corrupted(f"cifar10c-{np.dtype(kind)}", labels=random.integers(0, 10, 20).astype(kind))
    good(f"cifar10-c labels {np.dtype(kind)}", spec, rows_of(images[16:], [CIFAR[int(n)] for n in numbers[16:]]), split="test", parameters={"corruption": "fog", "severity": 5})
bad("cifar10-c cut off", corrupted("cifar10c-cut", cut=100)[0])
bad("cifar10-c floats", corrupted("cifar10c-floats", images=small(20).astype(np.float32))[0], "uint8")
bad("cifar10-c three axes", corrupted("cifar10c-axes", images=small(20).reshape(20, 32, 96))[0], "uint8")
bad("cifar10-c fewer labels", corrupted("cifar10c-fewer", labels=np.zeros(19, np.uint8))[0], "19")
bad("cifar10-c objects", corrupted("cifar10c-objects", labels=np.array([Code()] * 20, dtype=object))[0])
bad("cifar10-c corruption that is not there", corrupted("cifar10c-none")[0], "snow.npy", parameters={"corruption": "snow", "severity": 1})


def svhn(name, write, counts=(12, 5), **more):
    for part, count in zip(["train", "test"], counts):
        images, digits = small(count), random.integers(1, 11, (count, 1))
        write(path(f"{name}/{part}_32x32.mat"), images.transpose(2, 3, 1, 0), digits)
    return {"set": "svhn", "folder": os.path.join(out, name)}, rows_of(images, [str(int(d) % 10) for d in digits[:, 0]])


for packed in [True, False]:
    for kind in [np.uint8, np.int16, np.int32, np.float32, np.float64]:
        for counts in [(12, 5), (9, 4), (9, 2)]:
            name = f"svhn-{packed}-{np.dtype(kind)}-{counts[1]}"
            spec, rows = svhn(name, lambda f, X, y: scipy.io.savemat(f, {"X": X, "y": y.astype(kind)}, do_compression=packed), counts)
            good(f"svhn v5 compressed {packed} {np.dtype(kind)} of {counts[1]}", spec, rows, split="test")
spec, rows = svhn("svhn-more", lambda f, X, y: scipy.io.savemat(f, {"note": "text", "cell": np.array([1, "a"], dtype=object), "s": {"a": 1}, "X": X, "y": y.astype(np.uint8), "z": 1 + 2j}))
good("svhn v5 with other arrays", spec, rows, split="test")
spec, rows = svhn("svhn-row", lambda f, X, y: scipy.io.savemat(f, {"X": X, "y": y[:, 0].astype(np.uint8)}))
good("svhn v5 y as a row", spec, rows, split="test")


def hdf5(head=True, libver=None, kind=np.float64, **options):
    def write(full, X, y):
        with h5py.File(full, "w", userblock_size=512 if head else 0, libver=libver) as file:
            file.create_dataset("X", data=X.transpose(), **options)
            file.create_dataset("y", data=y.transpose().astype(kind))
            file.create_group("#refs#")
        if head:
            with open(full, "r+b") as file:
                file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, HDF5 schema 1.00 .".ljust(116) + bytes(8) + b"\x00\x02IM")
    return write


for name, write in [("gzip", hdf5(compression="gzip", chunks=True)), ("plain", hdf5()), ("shuffle", hdf5(compression="gzip", shuffle=True, chunks=(2, 3, 32, 32))),
                    ("no-head", hdf5(head=False)), ("uint8", hdf5(kind=np.uint8)), ("checksum", hdf5(fletcher32=True, chunks=True)), ("level9", hdf5(compression=9, chunks=True)), ("latest", hdf5(libver="latest"))]:
    spec, rows = svhn(f"svhn73-{name}", write)
    good(f"svhn v7.3 {name}", spec, rows, split="test")
bad("svhn v7.3 lzf", svhn("svhn73-lzf", hdf5(compression="lzf", chunks=True))[0])
bad("svhn v7.3 floats", svhn("svhn73-floats", lambda f, X, y: hdf5()(f, X.astype(np.float32), y))[0], "X")
def big_endian(full, X, y):
    """As MATLAB wrote on machines whose numbers have their first bytes first."""
    element = lambda kind, content: struct.pack(">II", kind, len(content)) + content + bytes(-len(content) % 8)
    def array(name, a, kind, stored):
        content = element(6, struct.pack(">II", kind, 0)) + element(5, struct.pack(f">{a.ndim}i", *a.shape)) + element(1, name.encode()) + element(stored, a.tobytes(order="F"))
        return struct.pack(">II", 14, len(content)) + content
    with open(full, "wb") as file:
        file.write(b"MATLAB 5.0 MAT-file, Platform: SOL2".ljust(124) + b"\x01\x00MI" + array("X", X, 9, 2) + array("y", y.astype(">f8"), 6, 9))
spec, rows = svhn("svhn-big-endian", big_endian)
good("svhn v5 big-endian", spec, rows, split="test")
bad("svhn v4", svhn("svhn-v4", lambda f, X, y: scipy.io.savemat(f, {"X": X.reshape(32, -1), "y": y}, format="4"))[0], "version 5")
bad("svhn without y", svhn("svhn-no-y", lambda f, X, y: scipy.io.savemat(f, {"X": X}))[0], "y")
bad("svhn fewer classes", svhn("svhn-fewer", lambda f, X, y: scipy.io.savemat(f, {"X": X, "y": y[:-1]}))[0])
bad("svhn class 11", svhn("svhn-eleven", lambda f, X, y: scipy.io.savemat(f, {"X": X, "y": y + 1 * (y * 0 + 10)}))[0])
bad("svhn floats", svhn("svhn-floats", lambda f, X, y: scipy.io.savemat(f, {"X": X.astype(np.float64) / 255, "y": y}))[0], "X")
bad("svhn empty", svhn("svhn-empty", lambda f, X, y: open(f, "wb").close())[0])
def cut_off(write, size):
    def cut(full, X, y):
        write(full, X, y); content = open(full, "rb").read(); open(full, "wb").write(content[: size if size > 0 else len(content) + size])
    return cut
v5 = lambda f, X, y: scipy.io.savemat(f, {"X": X, "y": y.astype(np.uint8)}, do_compression=True)
for size in [100, 130, 200, 2000, -1, -50]:
    bad(f"svhn v5 cut at {size}", svhn(f"svhn-cut-{size}", cut_off(v5, size))[0])
    bad(f"svhn v7.3 cut at {size}", svhn(f"svhn73-cut-{size}", cut_off(hdf5(compression="gzip", chunks=True), size))[0]) if size not in (-1, -50) else None


def idx(name, pack=lambda b: b, ending="", prefix="", names="-idx", change=lambda images, labels: (images, labels)):
    for part, count in [("train", 12), ("t10k", 5)]:
        grey, numbers = small(count, 28)[:, 0], random.integers(0, 10, count).astype(np.uint8)
        images = struct.pack(">IIII", 0x803, count, 28, 28) + grey.tobytes()
        classes = struct.pack(">II", 0x801, count) + numbers.tobytes()
        images, classes = change(images, classes)
        open(path(f"{name}/{prefix}{part}-images{names}3-ubyte{ending}"), "wb").write(pack(images))
        open(path(f"{name}/{prefix}{part}-labels{names}1-ubyte{ending}"), "wb").write(pack(classes))
    return {"set": "mnist", "folder": os.path.join(out, name)}, rows_of(np.repeat(grey[:, None], 3, axis=1), map(str, numbers))


for name, options in [("plain", {}), ("gz", {"pack": gzip.compress, "ending": ".gz"}), ("raw", {"prefix": "MNIST/raw/"}), ("dots", {"names": ".idx"}), ("gz-raw", {"pack": gzip.compress, "ending": ".gz", "prefix": "raw/"})]:
    spec, rows = idx(f"idx-{name}", **options)
    good(f"idx {name}", spec, rows, split="test")
for name, change in [("cut", lambda i, l: (i[:-1], l)), ("longer", lambda i, l: (i + b"x", l)), ("empty", lambda i, l: (b"", l)), ("swapped", lambda i, l: (l, i)), ("fewer", lambda i, l: (i, struct.pack(">II", 0x801, 4) + bytes(4))),
                     ("class", lambda i, l: (i, l[:8] + bytes([77] * (len(l) - 8)))), ("floats", lambda i, l: (struct.pack(">I", 0xD03) + i[4:], l)), ("huge", lambda i, l: (i[:4] + b"\xff" * 12, l)), ("none", lambda i, l: (i[:4] + bytes(12), l[:4] + bytes(4)))]:
    bad(f"idx {name}", idx(f"idx-bad-{name}", change=change)[0])
bad("idx gz cut off", idx("idx-gz-cut", pack=lambda b: gzip.compress(b)[:-20], ending=".gz")[0])
bad("idx gz bomb", idx("idx-bomb", pack=lambda b: gzip.compress(b + bytes(1500 * 2**20), 1) if b[3] == 3 else gzip.compress(b), ending=".gz")[0])
spec, rows = idx("idx-gz-plain", ending=".gz")
good("idx called .gz that is not compressed", spec, rows, split="test")

with open(path("cases.json"), "w") as file:
    json.dump(cases, file, indent=0)
print(len(cases), "cases")
