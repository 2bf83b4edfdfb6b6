//! Objects that refer to each other, and patches for them.

use fastrand::Rng;
use serde_json::{Value as Json, json};

use super::{NAMES, NAMESPACES, pick};

const KINDS: &[(&str, &str)] = &[
    ("Deployment", "apps/v1"),
    ("Deployment", "apps/v1"),
    ("StatefulSet", "apps/v1"),
    ("CronJob", "batch/v1"),
    ("Service", "v1"),
    ("ConfigMap", "v1"),
    ("Secret", "v1"),
    ("ServiceAccount", "v1"),
    ("Namespace", "v1"),
    ("PersistentVolumeClaim", "v1"),
    ("Role", "rbac.authorization.k8s.io/v1"),
    ("RoleBinding", "rbac.authorization.k8s.io/v1"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1"),
    ("Ingress", "networking.k8s.io/v1"),
    ("NetworkPolicy", "networking.k8s.io/v1"),
    ("HorizontalPodAutoscaler", "autoscaling/v2"),
    ("PodDisruptionBudget", "policy/v1"),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1"),
    ("Shop", "example.com/v1"),
];

/// A kind and its version.
pub fn kind(rng: &mut Rng) -> (&'static str, &'static str) {
    KINDS[rng.usize(..KINDS.len())]
}

/// Paths of JSON 6902 operations that fit the objects of a kind.
pub fn pointers(kind: &str) -> &'static [&'static str] {
    match kind {
        "Deployment" | "StatefulSet" => &[
            "/spec/replicas",
            "/spec/template/spec/containers/0/image",
            "/spec/template/spec/containers/-",
            "/spec/template/spec/containers/0/env/-",
            "/spec/template/spec/containers/0/env/0",
            "/spec/template/metadata/labels/app",
            "/spec/selector/matchLabels/app",
        ],
        "Service" => &["/spec/ports/0/port", "/spec/ports/-", "/spec/selector", "/spec/type"],
        "ConfigMap" | "Secret" => &["/data/KEY", "/data/new", "/data"],
        "Shop" => &["/spec/host", "/spec/items/1/size", "/spec/items/-1", "/spec/labels/x"],
        "RoleBinding" | "ClusterRoleBinding" => {
            &["/subjects/0/name", "/subjects/-", "/roleRef/name"]
        }
        "Ingress" => &["/spec/rules/0/host", "/spec/tls/0/hosts/-"],
        _ => &["/spec", "/metadata/labels", "/metadata/annotations"],
    }
}

/// Paths of replacements that fit the objects of a kind.
pub fn field_paths(kind: &str) -> &'static [&'static str] {
    match kind {
        "Deployment" | "StatefulSet" => &[
            "spec.replicas",
            "spec.template.spec.containers.0.image",
            "spec.template.spec.containers.[name=main].image",
            "spec.template.spec.containers.*.image",
            "spec.template.spec.containers.[name=main].env.[name=URL].value",
            "spec.template.metadata.labels.app",
            "spec.selector.matchLabels",
        ],
        "Service" => &["spec.ports.0.port", "spec.ports.[name=http].targetPort", "spec.selector"],
        "ConfigMap" | "Secret" => &["data.KEY", "data.url", "data.new"],
        "Shop" => &["spec.host", "spec.items.[name=a].size", "spec.items.*.name", "spec.labels.x"],
        "RoleBinding" | "ClusterRoleBinding" => &["subjects.0.name", "roleRef.name"],
        "Ingress" => &["spec.rules.0.host", "spec.tls.0.hosts.0"],
        _ => &["metadata.name", "spec.host"],
    }
}

/// Objects of different identities.
pub fn some(rng: &mut Rng, count: usize) -> Vec<Json> {
    let mut objects: Vec<Json> = Vec::new();
    for _ in 0..count {
        let (kind, version) = kind(rng);
        let name = pick(rng, NAMES);
        let known = |one: &Json| one["kind"] == kind && one["metadata"]["name"] == name;
        if !objects.iter().any(known) {
            objects.push(object(rng, kind, version, name));
        }
    }
    if rng.u8(..12) == 0 {
        return vec![json!({"apiVersion": "v1", "kind": "List", "items": objects})];
    }
    objects
}

fn object(rng: &mut Rng, kind: &str, version: &str, name: &str) -> Json {
    let mut metadata = json!({ "name": name });
    if rng.u8(..4) == 0 {
        metadata["namespace"] = json!(pick(rng, NAMESPACES));
    }
    if rng.bool() {
        metadata["labels"] = json!({"app": pick(rng, NAMES)});
    }
    match rng.u8(..12) {
        0 | 1 => metadata["annotations"] = json!({"note": "a", "n": "1"}),
        2 => metadata["annotations"] = json!({"config.kubernetes.io/local-config": "true"}),
        _ => {}
    }
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": metadata});
    let body = body(rng, kind);
    for (key, value) in body.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

fn body(rng: &mut Rng, kind: &str) -> Json {
    let name = pick(rng, NAMES);
    let app = json!({ "app": name });
    let role = "rbac.authorization.k8s.io";
    let subjects = |rng: &mut Rng| {
        let mut subject =
            json!({"kind": "ServiceAccount", "name": pick(rng, &["web", "default", "api"])});
        if rng.u8(..3) > 0 {
            subject["namespace"] = json!(pick(rng, NAMESPACES));
        }
        json!([subject])
    };
    match kind {
        "Deployment" | "StatefulSet" => {
            let mut spec = json!({
                "selector": {"matchLabels": app},
                "template": {"metadata": {"labels": app}, "spec": pod(rng)}
            });
            if rng.bool() {
                spec["replicas"] = json!(rng.u8(..4));
            }
            if kind == "StatefulSet" {
                spec["serviceName"] = json!(name);
                spec["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}]);
            }
            json!({ "spec": spec })
        }
        "CronJob" => {
            json!({"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": pod(rng)}}}}})
        }
        "Service" => json!({"spec": {"selector": app, "ports": [
            {"name": "http", "port": 80, "targetPort": 8080}, {"name": "dns", "port": 53, "protocol": "UDP"}
        ]}}),
        "ConfigMap" => {
            json!({"data": {"KEY": pick(rng, &["value", "a:b/c", "$(NAME)", "1", "two\nlines\n"]), "url": "http://web:80/x"}})
        }
        "Secret" => json!({"type": "Opaque", "data": {"KEY": "dmFsdWU="}}),
        "PersistentVolumeClaim" => {
            json!({"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": name}})
        }
        "Role" => {
            json!({"rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [name], "verbs": ["get"]}]})
        }
        "RoleBinding" => json!({
            "roleRef": {"apiGroup": role, "kind": "Role", "name": name}, "subjects": subjects(rng)
        }),
        "ClusterRoleBinding" => json!({
            "roleRef": {"apiGroup": role, "kind": "ClusterRole", "name": name}, "subjects": subjects(rng)
        }),
        "Ingress" => json!({"spec": {
            "tls": [{"hosts": ["x.example"], "secretName": name}],
            "rules": [{"host": "x.example", "http": {"paths": [{"path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": name, "port": {"number": 80}}}}]}}]
        }}),
        "NetworkPolicy" => {
            json!({"spec": {"podSelector": {"matchLabels": app}, "ingress": [{"from": [{"podSelector": {"matchLabels": app}}]}]}})
        }
        "HorizontalPodAutoscaler" => json!({"spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": 1, "maxReplicas": 3
        }}),
        "PodDisruptionBudget" => {
            json!({"spec": {"minAvailable": 1, "selector": {"matchLabels": app}}})
        }
        "ValidatingWebhookConfiguration" => {
            json!({"webhooks": [{"name": "x.example.com", "clientConfig": {
                "service": {"name": name, "namespace": pick(rng, NAMESPACES)}
            }}]})
        }
        "Shop" => json!({"spec": {
            "host": pick(rng, &["shop.example", "$(NAME).example", "$(PORT)"]), "configName": name,
            "image": "web:v1", "items": [{"name": "a", "size": 1.5}, {"name": "b", "size": null}],
            "on": true, "labels": {"x": "y"}
        }}),
        _ => json!({}),
    }
}

fn pod(rng: &mut Rng) -> Json {
    let name = pick(rng, NAMES);
    let config = pick(rng, &["settings", "web", "api"]);
    let image = pick(
        rng,
        &[
            "web",
            "web:v1",
            "nginx:1.25",
            "registry.example/api:1@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3",
            "nginx@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3",
        ],
    );
    let mut main = json!({
        "name": "main", "image": image,
        "env": [
            {"name": "URL", "value": pick(rng, &["http://web", "$(NAME):$(PORT)", "x"])},
            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": pick(rng, &["keys", "db"]), "key": "KEY"}}}
        ]
    });
    if rng.bool() {
        main["envFrom"] = json!([{"configMapRef": {"name": config}}]);
    }
    if rng.bool() {
        main["ports"] = json!([{"name": "http", "containerPort": 8080}, {"name": "m", "containerPort": 9090, "protocol": "TCP"}]);
    }
    if rng.u8(..3) == 0 {
        main["args"] = json!(["--name=$(NAME)", "$$(NAME)", "--on"]);
    }
    let mut pod = json!({ "containers": [main] });
    if rng.u8(..3) == 0 {
        pod["containers"].as_array_mut().unwrap().push(json!({"name": "side", "image": "busybox"}));
    }
    if rng.u8(..3) == 0 {
        pod["initContainers"] = json!([{"name": "init", "image": "web:v1"}]);
    }
    if rng.bool() {
        pod["volumes"] = json!([
            {"name": "config", "configMap": {"name": config}},
            {"name": "all", "projected": {"sources": [{"secret": {"name": "keys"}}, {"configMap": {"name": "settings"}}]}}
        ]);
        pod["containers"][0]["volumeMounts"] = json!([{"name": "config", "mountPath": "/etc/x"}]);
    }
    if rng.u8(..3) == 0 {
        pod["serviceAccountName"] = json!(name);
    }
    pod
}

/// A strategic merge patch.
pub fn patch(rng: &mut Rng, kind: &str, version: &str, name: &str) -> Json {
    let mut patch = json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}});
    if rng.u8(..9) == 0 {
        patch["metadata"]["namespace"] = json!(pick(rng, NAMESPACES));
    }
    if rng.u8(..3) == 0 {
        patch["metadata"]["labels"] = json!({"app": pick(rng, &["web", "new"]), "gone": null});
    }
    if rng.u8(..10) == 0 {
        patch["$patch"] = json!(pick(rng, &["delete", "replace", "merge"]));
        return patch;
    }
    match kind {
        "Deployment" | "StatefulSet" => {
            let container = container_patch(rng);
            let mut template = json!({"spec": {"containers": [container]}});
            if rng.u8(..4) == 0 {
                template["spec"]["volumes"] = json!([{"name": "config", "emptyDir": {}, "configMap": null}, {"name": "more", "emptyDir": {}}]);
            }
            if rng.u8(..5) == 0 {
                template["spec"]["tolerations"] = json!([{"key": "a", "operator": "Exists"}]);
            }
            patch["spec"] = json!({ "template": template });
            if rng.bool() {
                patch["spec"]["replicas"] = json!(rng.u8(..9));
            }
            if rng.u8(..6) == 0 {
                patch["spec"]["template"]["$patch"] = json!("replace");
            }
        }
        "Service" => {
            let port = match rng.u8(..4) {
                0 => json!({"port": 80, "targetPort": 81}),
                1 => json!({"port": 80, "protocol": "TCP", "name": "web"}),
                2 => json!({"port": 53, "protocol": "UDP", "$patch": "delete"}),
                _ => json!({"port": 443, "name": "https"}),
            };
            patch["spec"] = json!({"ports": [port], "selector": {"tier": "x"}});
        }
        "ConfigMap" | "Secret" => {
            patch["data"] = json!({"KEY": pick(rng, &["bmV3", "eA=="]), "url": null, "n": "1"});
        }
        "Shop" => {
            patch["spec"] =
                json!({"items": [{"name": "b", "size": 2}], "host": null, "labels": {"z": "1"}});
        }
        "Ingress" => patch["spec"] = json!({"rules": [{"host": "y.example"}], "tls": null}),
        "RoleBinding" | "ClusterRoleBinding" => {
            patch["subjects"] = json!([{"kind": "User", "name": "u"}]);
        }
        "CronJob" => {
            patch["spec"] = json!({"schedule": "1 * * * *", "jobTemplate": {"spec": {"template": {"spec": {"containers": [container_patch(rng)]}}}}});
        }
        "HorizontalPodAutoscaler" => patch["spec"] = json!({"maxReplicas": 9, "metrics": []}),
        "ServiceAccount" => patch["secrets"] = json!([{"name": "web"}]),
        _ => patch["metadata"]["annotations"] = json!({"note": "b"}),
    }
    patch
}

fn container_patch(rng: &mut Rng) -> Json {
    match rng.u8(..8) {
        0 => json!({"name": "main", "image": "web:v9"}),
        1 => {
            json!({"name": "main", "env": [{"name": "URL", "value": "new"}, {"name": "MORE", "value": "1"}]})
        }
        2 => json!({"name": "main", "env": [{"name": "URL", "$patch": "delete"}]}),
        3 => json!({"name": "side", "$patch": "delete"}),
        4 => json!({"name": "new", "image": "nginx", "ports": [{"containerPort": 80}]}),
        5 => {
            json!({"name": "main", "ports": [{"containerPort": 8080, "protocol": "TCP", "hostPort": 1}]})
        }
        6 => json!({"name": "main", "args": ["a"], "envFrom": null}),
        _ => {
            json!({"name": "main", "volumeMounts": [{"name": "more", "mountPath": "/more"}, {"mountPath": "/etc/x", "readOnly": true, "name": "config"}]})
        }
    }
}
