//! A repository with a few hundred files, the same on every machine.

use std::fmt::Write;

const BASES: [&str; 4] = ["cart", "catalog", "mail", "search"];

/// Files that `resources:` of each base names; from a few on they are read in parallel.
const PER_BASE: usize = 56;

/// The paths and texts of a repository of three overlays over four bases. They give warnings; a
/// `broken` one has errors of several kinds in many files.
pub fn repository(broken: bool) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut add = |path: String, text: String| files.push((path, text));
    for base in BASES {
        let mut resources = String::from("resources:\n");
        for at in 0..PER_BASE {
            let (name, text) = file(base, at, broken);
            let _ = writeln!(resources, "- {name}");
            add(format!("base/{base}/{name}"), text);
        }
        if broken {
            // Each is near the names of many files, so that one has to be chosen.
            resources.push_str("- settings-x.yaml\n- service-1x.yaml\n");
        }
        let kustomization = format!(
            "{resources}labels:\n- pairs:\n    part: {base}\nimages:\n- name: nothing/{base}\n  \
             newTag: v1\nconfigMapGenerator:\n- name: {base}\n  literals:\n  - BASE={base}\n"
        );
        add(format!("base/{base}/kustomization.yaml"), kustomization);
        add(format!("base/{base}/values.yaml"), "replicas: 2\nport: 8080\nunused: 1\n".into());
    }
    for kind in ["generators", "transformers"] {
        add(
            format!("base/{kind}/kustomization.yaml"),
            format!("resources:\n- second-{kind}.yaml\n- first-{kind}.yaml\n"),
        );
        for nth in ["first", "second"] {
            add(format!("base/{kind}/{nth}-{kind}.yaml"), plugin(kind, nth));
        }
    }
    for (env, app) in [("dev", "shop"), ("prod", "shop"), ("prod", "store")] {
        let dir = format!("overlays/{env}/{app}");
        let mut kustomization = String::from("resources:\n");
        for base in BASES {
            let _ = writeln!(kustomization, "- ../../../base/{base}");
        }
        let _ = write!(
            kustomization,
            "namePrefix: {app}-\nnamespace: {env}\nimages:\n- name: absent/{app}\n  newTag: v1\n\
             - name: registry.example/cart\n  newTag: v3\nreplicas:\n- name: cart-0\n  count: 4\n\
             generators:\n- ../../../base/generators\ntransformers:\n- ../../../base/transformers\n\
             buildMetadata: [originAnnotations, transformerAnnotations]\n"
        );
        add(format!("{dir}/kustomization.yaml"), kustomization);
        add(format!("{dir}/values.yaml"), "replicas: 3\nstray: 1\n".into());
    }
    files
}

/// The name and the text of a file of a base.
fn file(base: &str, at: usize, broken: bool) -> (String, String) {
    let wrong = broken && at % 7 == 3;
    match at % 4 {
        0 => {
            let field = if broken && at.is_multiple_of(8) { "replica" } else { "replicas" };
            let text = format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {base}-{at}\nspec:\n  \
                 replicas: {{{{ {field} }}}}\n  template:\n    spec:\n      containers:\n      \
                 - name: main\n        image: registry.example/{base}:v1\n        ports:\n        \
                 - containerPort: {{{{ port }}}}\n        envFrom:\n        - configMapRef:\n      \
                 \x20     name: {base}\n"
            );
            (format!("web-{at}.yaml.j2"), text)
        }
        1 => {
            let ports = if wrong { "[" } else { "[{port: 80}]" };
            let text = format!(
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: {base}-{at}\nspec:\n  ports: \
                 {ports}\n"
            );
            (format!("service-{at}.yaml"), text)
        }
        2 => {
            let value = if wrong { "\"x" } else { "x" };
            let text = format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {base}-{at}\ndata:\n  key: \
                 {value}\n"
            );
            (format!("settings-{at}.yaml"), text)
        }
        _ => {
            let name = if wrong { String::new() } else { format!("{base}-{at}") };
            let text = format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n  key: x\n"
            );
            (format!("password-{at}.yaml"), text)
        }
    }
}

/// The configuration of a generator or a transformer.
fn plugin(kind: &str, nth: &str) -> String {
    match kind {
        "generators" => format!(
            "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata:\n  name: {nth}\nliterals:\n\
             - NTH={nth}\n"
        ),
        _ => format!(
            "apiVersion: builtin\nkind: AnnotationsTransformer\nmetadata:\n  name: {nth}\n\
             annotations:\n  {nth}: set\n  last: {nth}\nfieldSpecs:\n- path: metadata/annotations\n  \
             create: true\n"
        ),
    }
}
