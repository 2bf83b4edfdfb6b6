//! The images of what was built, and where a person has written them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use anyhow::{Context as _, Result, bail};

use super::super::Settings;
use crate::{
    cluster::{Cluster, Object, World},
    config::{Image as Declared, Setting},
    repository::Built,
    resource::{Layer, Step, history},
    source::Sources,
    trap::image::{self, image_uses},
    yaml::{FieldPath, Node},
};

/// An image, as written in one place.
#[derive(Debug)]
pub(super) struct Found {
    /// With the registry, as written.
    pub name: String,
    pub tag: Option<String>,
    pub digest: Option<String>,
    /// The environments that run it.
    pub environments: BTreeSet<String>,
    /// Whether one of them is production.
    pub production: bool,
    /// Why it has no digest.
    pub reason: Option<String>,
    /// `path:line:column` of the value that decides.
    pub place: String,
    /// Where its digest is or goes; none where it is put together of several values.
    pub spot: Option<Spot>,
    /// Whether there is a field that takes a digest, filled or not.
    pub can_be_pinned: bool,
}

/// Where a digest is written, or goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    /// From the root of the repository.
    pub file: String,
    /// What is replaced; empty where nothing is.
    pub start: usize,
    pub end: usize,
    pub form: Form,
}

/// How a digest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// In place of another one.
    Digest,
    /// As [`Digest`](Self::Digest), in an entry of the `images:` of a kustomization.
    Entry,
    /// After a tag, with `@`.
    AfterTag,
    /// As the line `digest:` after the line with `newTag:`.
    NewKey,
}

impl Found {
    /// Its name with its tag.
    pub fn tagged(&self) -> String {
        match &self.tag {
            Some(tag) => format!("{}:{tag}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The images of all overlays, sorted by their names and places. Where all that there is was built,
/// an `[[image]]` that is about none of it is an error.
pub(super) fn all(built: &[Built], settings: &Settings, is_whole: bool) -> Result<Vec<Found>> {
    let mut environments: BTreeMap<&str, Vec<Object<'_>>> = BTreeMap::new();
    for (unit, one) in built.iter().enumerate() {
        let objects = environments.entry(&one.overlay.env).or_default();
        for resource in one.build.iter().flat_map(|build| &build.resources) {
            objects.push(Object::new(&resource.node, unit, &one.overlay.app));
        }
    }
    let mut all = Images { built, settings, found: BTreeMap::new() };
    let mut used = vec![false; settings.images().len()];
    for (env, objects) in environments {
        let cluster = settings.declare(Cluster::new(env, World::Closed, objects));
        for one in image_uses(&cluster) {
            let path = one.path();
            let field = path.parse().with_context(|| format!("`{path}` is no field"))?;
            let image::Image { repository: name, tag, digest } = one.image;
            let reason = settings.images().iter().zip(&mut used).find_map(|(entry, used)| {
                let is_it = entry.object.is_none() && entry.name.value == name;
                *used |= is_it;
                entry.reason.clone().filter(|_| is_it)
            });
            let image = Image { name, tag, digest, reason, room: Room::AfterTag };
            all.add(&cluster, one.object, &field, digest.is_some().then_some(&field), image)?;
        }
        for (entry, used) in settings.images().iter().zip(&mut used) {
            *used |= all.declared(&cluster, entry)?;
        }
    }
    if let Some((entry, _)) = settings.images().iter().zip(used).find(|(_, used)| is_whole && !used)
    {
        let place = settings.locate(entry.name.span);
        match &entry.object {
            Some(object) => bail!("{place}: no environment has {}", object.value),
            None => bail!("{place}: no pod runs `{}`", entry.name.value),
        }
    }
    Ok(all.found.into_values().collect())
}

struct Images<'a> {
    built: &'a [Built],
    settings: &'a Settings,
    /// By name, tag, digest and place.
    found: BTreeMap<(String, Option<String>, Option<String>, String), Found>,
}

/// What is said of an image.
struct Image<'a> {
    name: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
    reason: Option<String>,
    /// Where a digest goes.
    room: Room,
}

/// Where a digest of an image without one goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// After the tag.
    AfterTag,
    /// Into a field of its own.
    Field,
    /// Nowhere: whoever makes the pods takes none.
    None,
}

impl Images<'_> {
    /// Adds the image of an `[[image]]` that names an object, if the environment has the object.
    fn declared(&mut self, cluster: &Cluster<'_>, entry: &Declared) -> Result<bool> {
        let (Some(object), Some(tag_field)) = (&entry.object, &entry.tag) else { return Ok(false) };
        let place = |span| self.settings.locate(span);
        let Some((kind, name)) = object.value.split_once('/') else {
            bail!("{}: `{}` is not Kind/name", place(object.span), object.value);
        };
        let is_it = |one: &&Object<'_>| one.id.gvk.kind == *kind && one.id.name == *name;
        let Some(object) = cluster.objects().iter().find(is_it) else { return Ok(false) };
        let field = |field: &Setting<String>| -> Result<FieldPath> {
            let path = field.value.parse::<FieldPath>();
            path.with_context(|| format!("{}: `{}` is no field", place(field.span), field.value))
        };
        let tag_path = field(tag_field)?;
        let Some(text) = text_at(object.node, &tag_path) else {
            let (env, at) = (cluster.name, place(tag_field.span));
            bail!("{at}: {kind}/{name} of {env} has no text at `{}`", tag_field.value);
        };
        let (tag, mut digest) = text.split_once('@').map_or((text, None), |(a, b)| (a, Some(b)));
        let mut digest_path = digest.is_some().then(|| tag_path.clone());
        let mut room = Room::None;
        if let Some(digest_field) = &entry.digest {
            let path = field(digest_field)?;
            room = if path == tag_path { Room::AfterTag } else { Room::Field };
            if digest.is_none() && room == Room::Field {
                digest = text_at(object.node, &path).filter(|text| !text.is_empty());
                digest_path = digest.is_some().then_some(path);
            }
        }
        let name = entry.name.value.as_str();
        let reason = entry.reason.clone();
        let image = Image { name, tag: Some(tag), digest, reason, room };
        self.add(cluster, object, &tag_path, digest_path.as_ref(), image)?;
        Ok(true)
    }

    /// Adds an image whose tag is in one field, and whose digest in the same or in another.
    fn add(
        &mut self,
        cluster: &Cluster<'_>,
        object: &Object<'_>,
        tag_field: &FieldPath,
        digest_field: Option<&FieldPath>,
        image: Image<'_>,
    ) -> Result<()> {
        let Some(Built { sources, build: Some(build), .. }) = self.built.get(object.unit) else {
            return Ok(());
        };
        let layers = |field: &FieldPath| -> Result<Vec<Layer>> {
            let trail = field.trail(object.node).ok().context("a field that was read is gone")?;
            Ok(history(&trail, &build.origins, sources))
        };
        let of_tag = layers(tag_field)?;
        let of_digest = digest_field.map(&layers).transpose()?;
        let spot = match (&of_digest, image.digest) {
            (Some(layers), Some(digest)) => digest_spot(layers, digest, sources),
            _ => image
                .tag
                .filter(|_| image.room == Room::AfterTag)
                .and_then(|tag| tag_spot(&of_tag, image.name, tag, sources)),
        };
        let decides = of_digest.as_ref().unwrap_or(&of_tag);
        let place = match &spot {
            Some((span, _)) => sources.locate(*span),
            None => {
                decides.first().map(|layer| sources.locate(written(layer).span)).unwrap_or_default()
            }
        };
        let [tag, digest] = [image.tag, image.digest].map(|text| text.map(str::to_owned));
        let key = (image.name.to_owned(), tag.clone(), digest.clone(), place.clone());
        let found = self.found.entry(key).or_insert_with(|| Found {
            name: image.name.to_owned(),
            tag,
            digest,
            environments: BTreeSet::new(),
            production: false,
            reason: image.reason,
            place,
            spot: spot.map(|(_, spot)| spot),
            can_be_pinned: image.room != Room::None,
        });
        found.environments.insert(cluster.name.to_owned());
        found.production |= cluster.production;
        Ok(())
    }
}

fn text_at<'a>(object: &'a Node, field: &FieldPath) -> Option<&'a str> {
    field.trail(object).ok()?.last()?.as_str()
}

/// The value that a template printed, where it is one; else what is written itself.
fn written(layer: &Layer) -> &Layer {
    match layer.values.as_slice() {
        [value] => value.first().unwrap_or(layer),
        _ => layer,
    }
}

/// Where a step may have got a part of an image from.
fn candidates(layer: &Layer) -> impl Iterator<Item = &Layer> {
    let values = layer.values.iter().filter_map(|value| value.first());
    let own = layer.values.is_empty().then_some(layer);
    own.into_iter().chain(values)
}

type At = (crate::source::Span, Spot);

/// Where a digest is written.
fn digest_spot(layers: &[Layer], digest: &str, sources: &Sources) -> Option<At> {
    layers.iter().find_map(|layer| {
        let form = if layer.step == Some(Step::Images) { Form::Entry } else { Form::Digest };
        candidates(layer).find_map(|one| {
            let at = sources.slice(one.span).find(digest)?;
            spot(one, at..at + digest.len(), form, sources)
        })
    })
}

/// Where a tag is written that a digest can follow.
fn tag_spot(layers: &[Layer], name: &str, tag: &str, sources: &Sources) -> Option<At> {
    let layer = layers.first()?;
    candidates(layer).find_map(|one| {
        let written = sources.slice(one.span);
        let quote = usize::from(written.starts_with(['"', '\'']));
        let text = written.get(quote..written.len().checked_sub(quote)?)?;
        let is_whole = text.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')) == Some(tag);
        if !is_whole && text != tag {
            return None;
        }
        let end = if layer.step == Some(Step::Images) { written.len() } else { quote + text.len() };
        let form = if layer.step == Some(Step::Images) { Form::NewKey } else { Form::AfterTag };
        spot(one, end..end, form, sources)
    })
}

fn spot(layer: &Layer, part: Range<usize>, form: Form, sources: &Sources) -> Option<At> {
    let file = sources.get(layer.span.source);
    // What a template made is in no file.
    file.rendered.is_none().then(|| {
        let start = layer.span.range().start;
        let (start, end) = (start + part.start, start + part.end);
        (layer.span, Spot { file: file.path.clone(), start, end, form })
    })
}
