use super::*;
use crate::diag::{Format, Severity, codes, render};

fn read(text: &str) -> (Config, String) {
    let (mut sources, mut diagnostics) = (Sources::default(), Vec::new());
    let config = Config::read(text.to_owned(), &mut sources, &mut diagnostics);
    assert!(diagnostics.iter().all(|one| one.severity == Severity::Error && one.help.is_some()));
    (config, render(&diagnostics, &sources, Format::Concise, false))
}

#[test]
fn each_setting_has_its_value_and_its_place() {
    let (config, said) = read(
        "[validate]\n\
         kubernetes-versions = [\"1.36\", \"1.37\"]\n\
         [[suppress]]\n\
         code = \"kustomize/no-effect\"\n\
         path = \"base/**\"\n\
         contains = \"`web`\"\n\
         reason = \"known\"\n\
         [[external]]\n\
         kind = \"Secret\"\n\
         apiVersion = \"v1\"\n\
         name = \"db-*\"\n\
         keys = [\"password\"]\n\
         environments = [\"prod\"]\n\
         reason = \"the operator makes it\"\n\
         [environments.live]\n\
         production = true\n",
    );
    assert_eq!(said, "");
    let versions: Vec<_> = config.kubernetes_versions.iter().map(|one| &*one.value).collect();
    assert_eq!(versions, ["1.36", "1.37"]);
    let [suppression] = &config.suppressions[..] else { panic!() };
    assert_eq!(suppression.code, codes::KUSTOMIZE_NO_EFFECT);
    assert_eq!(suppression.contains.as_deref(), Some("`web`"));
    assert!(suppression.path.as_ref().is_some_and(|path| path.matches("base/a.yaml")));
    let [external] = &config.externals[..] else { panic!() };
    assert_eq!((&*external.kind, &*external.name), ("Secret", "db-*"));
    assert_eq!(external.api_version.as_deref(), Some("v1"));
    assert_eq!(external.environments[0].value, "prod");
    assert_eq!(config.environments["live"].value.production, Some(true));
}

#[test]
fn a_wrong_entry_leaves_the_others_standing() {
    let (config, said) = read(
        "[[suppress]]\n\
         code = \"kustomize/no-efect\"\n\
         reason = \"known\"\n\
         [[suppress]]\n\
         code = \"kustomize/no-effect\"\n\
         reason = \"known\"\n",
    );
    assert_eq!(config.suppressions.len(), 1);
    assert_eq!(
        said,
        "xtask.toml:2:8: error[config/value]: there is no code `kustomize/no-efect`\n"
    );
}

#[test]
fn an_entry_whose_limit_is_wrong_accepts_nothing() {
    for limit in ["path = \"/base\"", "path = 1", "contains = []", "contains = \"\""] {
        let (config, said) =
            read(&format!("[[suppress]]\ncode = \"schema/type\"\nreason = \"known\"\n{limit}\n"));
        assert!(config.suppressions.is_empty(), "{limit}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn hostile_files_are_refused_in_time() {
    let deep = |open: &str, close: &str| format!("x = {}{}", open.repeat(100_000), close);
    for text in [
        deep("[", ""),
        deep("{a=", "1"),
        format!("[{}a]", "a.".repeat(100_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        "[[a]]\n".repeat(100_000),
        "\u{0}".repeat(1000),
        "\"".repeat(100_000),
        "x".repeat(2_000_000),
        "suppress = 1\n".repeat(50_000),
    ] {
        let (config, said) = read(&text);
        assert!(config.suppressions.is_empty());
        assert!(!said.is_empty() && said.lines().count() < 20, "{}", said.len());
    }
}

#[test]
fn a_byte_order_mark_and_carriage_returns_are_no_fault() {
    let (config, said) = read("\u{feff}[validate]\r\nkubernetes-versions = [\"1.36\"]\r\n");
    assert_eq!((config.kubernetes_versions.len(), said.as_str()), (1, ""));
}

#[test]
fn a_field_with_an_image_is_one_of_an_object() {
    let (config, said) = read(
        "[[image]]\nname = \"a.io/b\"\nobject = \"Application/b\"\ntag = \"spec.tag\"\n\
         [[image]]\nname = \"a.io/c\"\nreason = \"not published\"\n",
    );
    assert_eq!((config.images.len(), said.as_str()), (2, ""));
    let (_, said) = read("[[image]]\nname = \"a\"\nobject = \"Application/b\"\n");
    assert!(said.contains("`[[image]]` has no `tag`"), "{said}");
    let (_, said) = read("[[image]]\nname = \"a\"\n");
    assert!(said.contains("`[[image]]` has no `reason`"), "{said}");
    let (_, said) = read("[[image]]\nname = \"a\"\ndigest = \"spec.digest\"\n");
    assert!(
        said.contains("xtask.toml:3:10: error[config/missing-key]: `[[image]]` names a field"),
        "{said}"
    );
}
