//! Overlays of any size, the same on every machine.

use std::{fmt::Write, fs, path::Path};

use anyhow::{Context as _, Result};

/// Makes `base` and `overlay` below `dir`, with `size` objects in one file each in the base.
///
/// Of four objects one is a Service, one a `ConfigMap` and two are Deployments that read it, so that
/// names, labels, images and references all have work. The overlay sets a prefix, a namespace,
/// labels and images, patches a Deployment and generates a `ConfigMap`.
pub fn overlay(dir: &Path, size: usize) -> Result<()> {
    let (base, overlay) = (dir.join("base"), dir.join("overlay"));
    for dir in [&base, &overlay] {
        fs::create_dir_all(dir).with_context(|| format!("failed to make {}", dir.display()))?;
    }
    let write = |path: &Path, text: &str| {
        fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
    };
    let mut resources = String::from("resources:\n");
    for at in 0..size {
        write(&base.join(format!("r{at}.yaml")), &object(at, size))?;
        let _ = writeln!(resources, "- r{at}.yaml");
    }
    write(&base.join("kustomization.yaml"), &resources)?;
    write(&overlay.join("patch.yaml"), PATCH)?;
    write(&overlay.join("kustomization.yaml"), KUSTOMIZATION)
}

const KUSTOMIZATION: &str = "\
resources:
- ../base
namePrefix: prod-
namespace: shop
labels:
- pairs:
    env: prod
    team: shop
  includeSelectors: true
  includeTemplates: true
images:
- name: registry.example/shop
  newTag: v2.1.0
patches:
- path: patch.yaml
configMapGenerator:
- name: settings
  literals:
  - LOG_LEVEL=info
  - REGION=eu-west-1
";

const PATCH: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app0
spec:
  replicas: 4
  template:
    spec:
      containers:
      - name: main
        resources:
          limits:
            memory: 512Mi
";

/// Object number `at`. The first is a Deployment, so that the patch has its target in every size.
fn object(at: usize, size: usize) -> String {
    match at % 4 {
        1 => format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: app{app}\nspec:\n  selector:\n    \
             app: app{app}\n  ports:\n  - name: http\n    port: 80\n    targetPort: http\n",
            app = at - 1
        ),
        2 => format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config{at}\ndata:\n  \
             URL: http://app{app}\n  TIMEOUT: \"30\"\n  app.yaml: |\n    debug: false\n    \
             workers: 4\n",
            app = at - 2
        ),
        _ => deployment(at, size),
    }
}

fn deployment(at: usize, size: usize) -> String {
    // The nearest ConfigMap of the base that exists, and the one that the overlay generates.
    let config = (at / 4) * 4 + 2;
    let config = if config < size { format!("config{config}") } else { "settings".to_owned() };
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app{at}
  labels:
    app: app{at}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: app{at}
  template:
    metadata:
      labels:
        app: app{at}
    spec:
      containers:
      - name: main
        image: registry.example/shop:v1.0.0
        ports:
        - name: http
          containerPort: 8080
        env:
        - name: NAME
          value: app{at}
        - name: URL
          valueFrom:
            configMapKeyRef:
              name: {config}
              key: URL
        envFrom:
        - configMapRef:
            name: settings
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            memory: 256Mi
        volumeMounts:
        - name: config
          mountPath: /etc/app
      volumes:
      - name: config
        configMap:
          name: {config}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_has_as_many_objects_as_asked_for() {
        for size in [1, 6] {
            let dir = tempfile::tempdir().unwrap();
            overlay(dir.path(), size).unwrap();
            assert_eq!(fs::read_dir(dir.path().join("base")).unwrap().count(), size + 1);
            for at in 0..size {
                let path = dir.path().join(format!("base/r{at}.yaml"));
                let text = fs::read_to_string(path).unwrap();
                serde_yaml::from_str::<serde_yaml::Value>(&text).unwrap();
            }
        }
    }
}
