//! Renders, checks and explains the manifests of this repository, offline.
//!
//! The modules are listed from the lowest to the highest; each uses only those before it.

pub mod source;

pub mod diag;

pub mod config;

pub mod yaml;

pub mod resource;

pub mod formats;

pub mod cel;

pub mod admission;

pub mod template;

pub mod kustomize;

pub mod repository;

pub mod cluster;

pub mod schema;

pub mod reference;

pub mod policy;

pub mod trap;

pub mod commands;
