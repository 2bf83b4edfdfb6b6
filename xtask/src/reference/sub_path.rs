//! Mounts of one file of a ConfigMap or a Secret, by `subPath`.

use std::collections::BTreeMap;

use super::{
    data,
    field::Field,
    kinds::{CONFIG_MAP, SECRET},
    missing::{Checker, list, near},
    resolve::Found,
};
use crate::{
    cluster::{ContainerRole, Workload},
    diag::codes,
};

/// The ConfigMap or Secret of a volume, or of a part of one.
struct Source<'f, 'a> {
    found: Found<'f, 'a>,
    /// The files, if they are listed.
    paths: Option<Vec<&'a str>>,
}

/// Checks that the volumes of a workload have the files that its containers mount.
pub(super) fn check<'a>(workload: &Workload<'a>, checker: &mut Checker<'_, 'a>) {
    let object = checker.resolver.cluster.object_of(workload);
    let root = Field::root(object.node);
    let Some(pod) = root.get(workload.path) else { return };
    let Some(spec) = pod.get("spec") else { return };
    let volumes: Vec<_> = spec.items("volumes").collect();
    let volumes: BTreeMap<&str, &Field<'a, '_>> =
        volumes.iter().filter_map(|volume| Some((volume.text_at("name")?, volume))).collect();
    for role in [ContainerRole::Init, ContainerRole::Main, ContainerRole::Ephemeral] {
        for container in spec.items(role.field()) {
            for mount in container.items("volumeMounts") {
                let Some(path) = mount.get("subPath") else { continue };
                let (Some(file), Some(name)) = (path.text(), mount.text_at("name")) else {
                    continue;
                };
                let Some(volume) = volumes.get(name) else { continue };
                let Some(sources) = sources(volume, workload, checker) else { continue };
                let file = file.trim_start_matches("./").trim_end_matches('/');
                let has = |source: &Source<'_, 'a>| match &source.paths {
                    Some(paths) => Some(paths.iter().any(|path| is_below(path, file))),
                    None => checker.keys.has(&source.found, file),
                };
                if !sources.iter().map(has).all(|has| has == Some(false)) {
                    continue;
                }
                let message = format!(
                    "`{path}` of {object} is `{file}`, and volume `{name}` has no file of that name"
                );
                let mut diagnostic =
                    object.warning(codes::REFERENCE_MISSING_SUB_PATH, message, path.node);
                let mut files = Vec::new();
                for Source { found, paths } in &sources {
                    files.extend(paths.clone().unwrap_or_else(|| checker.keys.some(found)));
                    if let Found::Object(holder) = found {
                        let label = format!("the data of {holder}");
                        diagnostic = diagnostic.with_related(data::anchor(holder), label);
                    }
                }
                let help = match near(file, &files) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "an empty directory would be mounted in its place; it has: {}",
                        list(&files)
                    ),
                };
                checker.out.push(diagnostic.with_help(help));
            }
        }
    }
}

/// What the files of a volume come from; `None` if that is not known.
fn sources<'f, 'a>(
    volume: &Field<'a, '_>,
    workload: &Workload<'a>,
    checker: &Checker<'f, 'a>,
) -> Option<Vec<Source<'f, 'a>>> {
    let resolver = checker.resolver;
    let object = resolver.cluster.object_of(workload);
    let source = |map: &Field<'a, '_>, field: &'static str, kind: super::Kind| {
        let target = kind.named(object.namespace(), map.text_at(field)?);
        let paths = map.get("items").map(|_| {
            let items: Vec<_> = map.items("items").collect();
            items.iter().filter_map(|item| item.text_at("path")).collect()
        });
        Some(Source { found: resolver.find(object, &target)?, paths })
    };
    if let Some(map) = volume.get("configMap") {
        return Some(vec![source(&map, "name", CONFIG_MAP)?]);
    }
    if let Some(secret) = volume.get("secret") {
        return Some(vec![source(&secret, "secretName", SECRET)?]);
    }
    volume.get("projected")?;
    let mut all = Vec::new();
    for part in volume.items("projected.sources") {
        all.push(match (part.get("configMap"), part.get("secret")) {
            (Some(map), None) => source(&map, "name", CONFIG_MAP)?,
            (None, Some(secret)) => source(&secret, "name", SECRET)?,
            _ => return None,
        });
    }
    Some(all)
}

/// Whether a file is the one that is mounted, or in the directory that is.
fn is_below(path: &str, mounted: &str) -> bool {
    path.strip_prefix(mounted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
