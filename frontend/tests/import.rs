//! Imports the models of the test suite, whole and damaged.

use std::path::{Path, PathBuf};

use frontend::{ImportError, Options, load};
use quant_opt_frontend as frontend;

fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/models").join(name).join("saved_model")
}

#[test]
fn signatures_are_functions_with_their_names_and_variables() {
    for (name, input) in [("digits_cnn", "image"), ("digits_v1_variables", "image"), ("digits_v1_frozen", "image")] {
        let module = load(&model(name), &Options::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let func = module.symbol("serving_default").expect("a function of the key");
        let entry = module.body.op(func).attr("tf.entry_function").and_then(|a| a.as_dict()).unwrap();
        assert_eq!(entry.get("inputs").and_then(|a| a.as_str()), Some(input), "{name}");
        let values =
            module.ops().into_iter().filter(|o| module.body.op(*o).name.as_str() == "tf_saved_model.global_tensor");
        assert_eq!(values.count() > 0, name != "digits_v1_frozen", "{name}: variables have values");
    }
}

/// The restore function and the object graph are two ways to a variable's value.
#[test]
fn the_object_graph_leads_to_the_restored_tensors() {
    use prost::Message;
    let dir = model("digits_resnet_dw");
    let bytes = std::fs::read(dir.join("saved_model.pb")).unwrap();
    let mut saved = frontend::proto::SavedModel::decode(&bytes[..]).unwrap();
    let meta = &mut saved.meta_graphs[0];
    let bundle = frontend::bundle::Bundle::open(&dir.join("variables/variables")).unwrap();
    let objects = meta.object_graph_def.as_ref().unwrap();
    let found = frontend::objects::variables(meta.graph_def.as_ref().unwrap(), objects, &bundle);
    let module = load(&dir, &Options::default()).unwrap();
    let mut seen = 0;
    for op in module.ops().into_iter().map(|id| module.body.op(id)) {
        if op.name.as_str() == "tf_saved_model.global_tensor" {
            let key = &found[ir::module::sym_name(op).unwrap()];
            let value = op.attr("value").and_then(|a| a.as_tensor()).unwrap();
            assert_eq!(bundle.tensor(key).unwrap().bytes(), value.bytes());
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn an_absent_signature_is_answered_with_those_present() {
    let options = Options { signatures: vec!["predict".into()], ..Options::default() };
    let e = load(&model("digits_cnn"), &options).unwrap_err();
    assert!(matches!(e, ImportError::Absent { .. }));
    assert!(e.to_string().contains("`predict`; it has `serv"), "{e}");
}

#[test]
fn a_frozen_graph_has_its_placeholders_and_ends_as_signature() {
    use prost::Message;
    let bytes = std::fs::read(model("digits_v1_frozen").join("saved_model.pb")).unwrap();
    let saved = frontend::proto::SavedModel::decode(&bytes[..]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("graph.pb");
    std::fs::write(&path, saved.meta_graphs[0].graph_def.as_ref().unwrap().encode_to_vec()).unwrap();
    let names = |options: &Options| {
        let module = load(&path, options).unwrap();
        let func = module.symbol("serving_default").expect("a function of the key");
        let entry = module.body.op(func).attr("tf.entry_function").and_then(|a| a.as_dict()).unwrap().clone();
        ["inputs", "outputs"].map(|k| entry.get(k).and_then(|a| a.as_str()).unwrap_or_default().to_owned())
    };
    let [inputs, outputs] = names(&Options::default());
    assert_eq!(inputs, "image");
    assert!(!outputs.is_empty());
    let only = Options { output_arrays: vec!["logits".into()], ..Options::default() };
    assert_eq!(names(&only), ["image", "logits"]);
    let absent = Options { output_arrays: vec!["nowhere".into()], ..Options::default() };
    assert!(load(&path, &absent).unwrap_err().to_string().contains("it has no node `nowhere`"));
}

/// A small generator of numbers: the same files are damaged in the same way each time.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn damaged_files_give_errors() {
    let source = model("digits_v1_variables");
    let dir = tempfile::tempdir().unwrap();
    let files = ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"];
    std::fs::create_dir(dir.path().join("variables")).unwrap();
    let originals: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(source.join(f)).unwrap()).collect();
    let mut state = 7;
    for round in 0..300 {
        let hit = round % files.len();
        for (i, (file, data)) in files.iter().zip(&originals).enumerate() {
            let mut data = data.clone();
            if i == hit {
                if next(&mut state).is_multiple_of(4) {
                    data.truncate(next(&mut state) as usize % data.len());
                } else {
                    for _ in 0..1 + next(&mut state) % 8 {
                        let at = next(&mut state) as usize % data.len();
                        data[at] = next(&mut state) as u8;
                    }
                }
            }
            std::fs::write(dir.path().join(file), data).unwrap();
        }
        // Whatever it is, it is an answer.
        let _ = load(dir.path(), &Options::default());
    }
}
