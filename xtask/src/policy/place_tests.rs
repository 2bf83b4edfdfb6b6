use serde_json::json;

use super::*;
use crate::{
    source::Sources,
    yaml::{Dialect, parse},
};

const POD: &str = r"apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  labels:
    app: web
spec:
  hostNetwork: true
  initContainers:
  - name: fetch
    image: registry.example.com/fetch:1.0
  containers:
  - name: server
    image: nginx:latest
    securityContext:
      privileged: true
      capabilities:
        add: [NET_ADMIN]
  - name: sidecar
    image: nginx:latest
    securityContext:
      privileged: true
";

/// What is marked for a violation, with the number of its line.
fn marked(message: &str, details: Json) -> String {
    let mut sources = Sources::default();
    let id = sources.add("pod.yaml", POD);
    let mut wrong = Vec::new();
    let pod = parse(&sources, id, Dialect::Config, &mut wrong).pop().unwrap();
    assert!(wrong.is_empty());
    let violation = Violation { message: message.to_owned(), details };
    let span = place(&pod, &violation);
    let line = POD[..span.range().start].lines().count().max(1);
    let line = if POD[..span.range().start].ends_with('\n') { line + 1 } else { line };
    format!("{line}: {}", sources.slice(span))
}

fn by_words(message: &str) -> String {
    marked(message, json!({}))
}

#[test]
fn a_path_in_the_details_is_followed() {
    let list = json!({"path": ["spec", "containers", 1, "securityContext", "privileged"]});
    assert_eq!(marked("no", list), "23: true");
    assert_eq!(marked("no", json!({"path": "spec.containers[0].image"})), "15: nginx:latest");
    assert_eq!(
        marked("no", json!({"field": "/spec/initContainers/0/image"})).as_str(),
        "12: registry.example.com/fetch:1.0"
    );
}

#[test]
fn of_a_path_whose_end_is_missing_the_deepest_place_is_marked() {
    let path = json!({"path": ["spec", "containers", 1, "resources", "limits"]});
    assert_eq!(marked("no", path), "20: sidecar");
    assert_eq!(marked("no", json!({"path": ["metadata", "labels", "owner"]})), "6: labels");
}

#[test]
fn a_path_that_is_none_is_left_for_the_words() {
    assert_eq!(marked("hostNetwork is set", json!({"path": ["nowhere"]})), "9: true");
    assert_eq!(marked("hostNetwork is set", json!({"path": 5})), "9: true");
}

#[test]
fn the_words_of_a_message_lead_to_the_value_in_the_part_that_they_name() {
    let image = "container <sidecar> has an invalid image <nginx:latest>";
    assert_eq!(by_words(image), "21: nginx:latest");
    let privileged = r#"Privileged container is not allowed: sidecar, {"privileged": true}"#;
    assert_eq!(by_words(privileged), "23: true");
    assert_eq!(by_words("capability `NET_ADMIN` must not be added"), "19: NET_ADMIN");
}

#[test]
fn the_words_of_a_message_lead_to_the_field_that_they_name() {
    assert_eq!(by_words("you must provide labels: {\"owner\"}"), "6: labels");
    assert_eq!(by_words("spec.hostNetwork must not be set, pod: web"), "9: true");
}

#[test]
fn the_name_is_marked_where_nothing_else_is_known() {
    assert_eq!(by_words("denied"), "4: web");
    assert_eq!(by_words(""), "4: web");
}
