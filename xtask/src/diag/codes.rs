//! The list of every diagnostic code. A test holds that each has a golden case.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
};

/// The stable name of a rule, `area/rule` in kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// What the rule is about: the part before the slash.
    pub fn area(self) -> &'static str {
        self.0.split_once('/').map_or(self.0, |(area, _)| area)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The code with this name, as a reader may have copied it from a message.
pub fn by_name(name: &str) -> Option<Code> {
    let listed = ALL.iter().map(|(code, _)| *code).find(|code| code.as_str() == name);
    listed.or_else(|| {
        let constraint = name.strip_prefix(POLICY_PREFIX)?;
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        let is_name = !constraint.is_empty() && constraint.chars().all(is_part);
        is_name.then(|| of_constraint(constraint))
    })
}

/// What begins the code of what a constraint says.
const POLICY_PREFIX: &str = "policy/";

/// The code of what a constraint says: `policy/<constraint>`. A repository names its constraints,
/// so that these codes are not in [`ALL`].
pub fn of_constraint(constraint: &str) -> Code {
    // A code is copied with each finding. There are as many as there are constraints, so that each
    // name may stay for as long as the program runs.
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let name = format!("{POLICY_PREFIX}{constraint}");
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name.as_str()) {
        return Code(known);
    }
    let name: &'static str = name.leak();
    names.insert(name);
    Code(name)
}

/// Whether a code is that of what a constraint says.
fn is_of_constraint(code: Code) -> bool {
    code.0.starts_with(POLICY_PREFIX) && !ALL.iter().any(|(one, _)| *one == code)
}

/// The areas of all codes, each once.
pub fn areas() -> Vec<&'static str> {
    let mut areas = Vec::new();
    for (code, _) in ALL {
        if !areas.contains(&code.area()) {
            areas.push(code.area());
        }
    }
    areas
}

/// The sentence that explains a code.
pub fn sentence(code: Code) -> Option<&'static str> {
    if is_of_constraint(code) {
        return Some("The constraint of this name is against an object.");
    }
    ALL.iter().find(|(one, _)| *one == code).map(|(_, sentence)| sentence.trim())
}

/// What a code means, with an example that is wrong and one that is right, in Markdown; `None` if
/// there is nothing to say beyond its sentence in [`ALL`].
pub fn explanation(code: Code) -> Option<&'static str> {
    if is_of_constraint(code) {
        return Some(include_str!("of-constraint.md"));
    }
    EXPLANATIONS.iter().find(|(one, _)| *one == code).map(|(_, text)| *text)
}

/// The codes, each after the sentence for it. A code that is `explained` has the file
/// `explain/<area>/<rule>.md` as well.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal $(, $explained:ident)?;)+) => {
        $($(#[doc = $doc])+ pub const $name: Code = Code($code);)+

        /// Every code, with the sentence that explains it.
        pub const ALL: &[(Code, &str)] = &[$(($name, concat!($($doc),+))),+];

        const EXPLANATIONS: &[(Code, &str)] = &[$($(($name, text!($explained $code)),)?)+];
    };
}

macro_rules! text {
    (explained $code:literal) => {
        include_str!(concat!("explain/", $code, ".md"))
    };
}

codes! {
    /// The text is not YAML.
    YAML_SYNTAX = "yaml/syntax", explained;
    /// A text nests too deeply, or expands to too many nodes.
    YAML_TOO_LARGE = "yaml/too-large", explained;
    /// A mapping has a key twice.
    YAML_DUPLICATE_KEY = "yaml/duplicate-key", explained;
    /// A mapping key or value that YAML allows and Kubernetes cannot hold.
    YAML_UNSUPPORTED = "yaml/unsupported", explained;
    /// A plain scalar means different things to different readers.
    YAML_AMBIGUOUS_SCALAR = "yaml/ambiguous-scalar", explained;

    /// A kustomization, or an entry of it, has a field that does not exist.
    KUSTOMIZE_UNKNOWN_FIELD = "kustomize/unknown-field", explained;
    /// A field of a kustomization has a value of the wrong type.
    KUSTOMIZE_FIELD_TYPE = "kustomize/field-type", explained;
    /// A field of a kustomization has a successor.
    KUSTOMIZE_DEPRECATED_FIELD = "kustomize/deprecated-field", explained;
    /// The kind or the version of a kustomization is not the one that its place demands.
    KUSTOMIZE_KIND = "kustomize/kind", explained;
    /// A kustomization has nothing in it.
    KUSTOMIZE_EMPTY = "kustomize/empty", explained;
    /// A directory has no kustomization file.
    KUSTOMIZE_NO_KUSTOMIZATION = "kustomize/no-kustomization", explained;
    /// A directory has more than one kustomization file.
    KUSTOMIZE_MULTIPLE_KUSTOMIZATIONS = "kustomize/multiple-kustomizations", explained;
    /// A file or directory that a kustomization refers to does not exist.
    KUSTOMIZE_MISSING_FILE = "kustomize/missing-file", explained;
    /// A file that a kustomization refers to cannot be read.
    KUSTOMIZE_UNREADABLE = "kustomize/unreadable", explained;
    /// A file is outside of the directory of the kustomization that refers to it.
    KUSTOMIZE_OUTSIDE_ROOT = "kustomize/outside-root", explained;
    /// A base is an absolute path.
    KUSTOMIZE_ABSOLUTE_BASE = "kustomize/absolute-base", explained;
    /// A path looks like two entries of a list that have become one.
    KUSTOMIZE_AMBIGUOUS_PATH = "kustomize/ambiguous-path", explained;
    /// A base leads back to the kustomization that refers to it.
    KUSTOMIZE_CYCLE = "kustomize/cycle", explained;
    /// Something would have to be fetched from another machine.
    KUSTOMIZE_NEEDS_NETWORK = "kustomize/needs-network", explained;
    /// A generator, transformer or validator is a program of its own.
    KUSTOMIZE_NEEDS_EXEC = "kustomize/needs-exec", explained;
    /// The configuration of a generator, transformer or validator is wrong.
    KUSTOMIZE_PLUGIN = "kustomize/plugin", explained;
    /// Two objects have the same identity.
    KUSTOMIZE_DUPLICATE_ID = "kustomize/duplicate-id", explained;
    /// A path leads through something that is not a collection.
    KUSTOMIZE_FIELD_SHAPE = "kustomize/field-shape", explained;
    /// The fields of an entry of `labels` contradict those that kustomize knows.
    KUSTOMIZE_FIELD_SPEC = "kustomize/field-spec", explained;
    /// The key of a label or an annotation is not a string.
    KUSTOMIZE_LABEL_KEY = "kustomize/label-key", explained;
    /// An entry of `images` that cannot match any image.
    KUSTOMIZE_IMAGE = "kustomize/image", explained;
    /// An entry of `replicas` names nothing that has replicas.
    KUSTOMIZE_REPLICAS = "kustomize/replicas", explained;
    /// A var has no value, or more than one object it can come from, or is not used.
    KUSTOMIZE_VAR = "kustomize/var", explained;
    /// `openapi` names a document that there is not, or two.
    KUSTOMIZE_OPENAPI = "kustomize/openapi", explained;
    /// A replacement has no source, or a target that cannot take the value.
    KUSTOMIZE_REPLACEMENT = "kustomize/replacement", explained;
    /// A target is not a regular expression or not a selector.
    KUSTOMIZE_SELECTOR = "kustomize/selector", explained;
    /// A generator cannot make its object.
    KUSTOMIZE_GENERATOR = "kustomize/generator", explained;
    /// The order of the result is not well defined.
    KUSTOMIZE_SORT_OPTIONS = "kustomize/sort-options", explained;
    /// An option of `buildMetadata` that does not exist.
    KUSTOMIZE_BUILD_METADATA = "kustomize/build-metadata", explained;
    /// An entry of a kustomization changes nothing.
    KUSTOMIZE_NO_EFFECT = "kustomize/no-effect", explained;
    /// A name can refer to several objects.
    KUSTOMIZE_AMBIGUOUS_REFERENCE = "kustomize/ambiguous-reference", explained;

    /// A document is not a Kubernetes object.
    RESOURCE_MALFORMED = "resource/malformed", explained;

    /// A patch is neither an object to merge nor a list of operations.
    PATCH_MALFORMED = "patch/malformed", explained;
    /// A JSON 6902 patch does not say what it is for.
    PATCH_NO_TARGET = "patch/no-target", explained;
    /// No resource has the identity that a patch is for.
    PATCH_NO_MATCH = "patch/no-match", explained;
    /// Several resources have the identity that a patch is for.
    PATCH_AMBIGUOUS = "patch/ambiguous", explained;
    /// An operation of a JSON 6902 patch does not apply.
    PATCH_DOES_NOT_APPLY = "patch/does-not-apply", explained;
    /// A patch has a value of another type than the resource.
    PATCH_TYPE = "patch/type", explained;
    /// A patch replaces a list of a kind whose lists kustomize cannot merge, and elements get lost.
    PATCH_REPLACES_LIST = "patch/replaces-list", explained;
    /// An element of a list is lost in a merge, since it lacks a key that the list is merged by, or
    /// repeats the key of another one.
    PATCH_LOST_ELEMENT = "patch/lost-element", explained;
    /// A `$patch` directive does not exist.
    PATCH_DIRECTIVE = "patch/directive", explained;

    /// A template is not one.
    TEMPLATE_SYNTAX = "template/syntax", explained;
    /// A template uses what no values file sets.
    TEMPLATE_UNDEFINED = "template/undefined", explained;
    /// A template prints a value that does not mean itself in YAML.
    TEMPLATE_UNSAFE_VALUE = "template/unsafe-value", explained;
    /// A template takes too many steps.
    TEMPLATE_OUT_OF_FUEL = "template/out-of-fuel", explained;
    /// A template renders to too much.
    TEMPLATE_TOO_LARGE = "template/too-large", explained;
    /// A template fails while it is rendered.
    TEMPLATE_ERROR = "template/error", explained;
    /// A values file is not a mapping.
    TEMPLATE_VALUES = "template/values", explained;
    /// Values do not fit their schema, or the schema is wrong.
    TEMPLATE_VALUES_SCHEMA = "template/values-schema", explained;
    /// No template uses a value.
    TEMPLATE_UNUSED_VALUE = "template/unused-value", explained;

    /// No schema is known for a kind, or not for every version.
    SCHEMA_UNKNOWN_KIND = "schema/unknown-kind", explained;
    /// A kind is no longer served by a version.
    SCHEMA_REMOVED_KIND = "schema/removed-kind", explained;
    /// A kind will not be served for long.
    SCHEMA_DEPRECATED_KIND = "schema/deprecated-kind", explained;
    /// A field does not exist.
    SCHEMA_UNKNOWN_FIELD = "schema/unknown-field", explained;
    /// A field that must be set is not.
    SCHEMA_MISSING_FIELD = "schema/missing-field", explained;
    /// A field must not be set in this place.
    SCHEMA_FORBIDDEN = "schema/forbidden", explained;
    /// A field should not be used any more.
    SCHEMA_DEPRECATED_FIELD = "schema/deprecated-field", explained;
    /// A value has another type than its field.
    SCHEMA_TYPE = "schema/type", explained;
    /// A value is none of those that its field takes.
    SCHEMA_ENUM = "schema/enum", explained;
    /// A text has not the syntax that its field takes.
    SCHEMA_FORMAT = "schema/format", explained;
    /// A number is too small or too large.
    SCHEMA_RANGE = "schema/range", explained;
    /// A text, a list or a map is too short or too long.
    SCHEMA_LENGTH = "schema/length", explained;
    /// Two items of a list must differ and do not.
    SCHEMA_DUPLICATE = "schema/duplicate", explained;
    /// The name of an object is not one.
    SCHEMA_NAME = "schema/name", explained;
    /// Of several things exactly one, or at least one, must hold, or one must not.
    SCHEMA_ONE_OF = "schema/one-of", explained;
    /// A part of the definition of a custom kind cannot be used.
    SCHEMA_DEFINITION = "schema/definition", explained;
    /// A field calls for another one, excludes it, or does not go with its value.
    SCHEMA_DEPENDS = "schema/depends", explained;
    /// A number or quantity is on the wrong side of another one.
    SCHEMA_ORDER = "schema/order", explained;
    /// A name stands for nothing in its object.
    SCHEMA_UNKNOWN_NAME = "schema/unknown-name", explained;
    /// A selector does not select what its own template makes.
    SCHEMA_SELECTOR_MISMATCH = "schema/selector-mismatch", explained;
    /// The schema of a custom resource is not structural.
    SCHEMA_STRUCTURAL = "schema/structural", explained;
    /// A rule of a custom kind does not hold.
    SCHEMA_RULE = "schema/rule", explained;
    /// An expression does not compile, or is of the wrong type.
    SCHEMA_CEL = "schema/cel", explained;
    /// A rule of a custom kind is not looked at, since it needs what only a server knows.
    SCHEMA_CEL_UNSUPPORTED = "schema/cel-unsupported", explained;

    /// A Service selects no pods.
    REFERENCE_SERVICE_SELECTS_NOTHING = "reference/service-selects-nothing", explained;
    /// A Service sends to a port that none of its pods has.
    REFERENCE_TARGET_PORT = "reference/target-port", explained;
    /// A selector also selects the pods of another application, or of another controller.
    REFERENCE_FOREIGN_PODS = "reference/foreign-pods", explained;
    /// A `PodDisruptionBudget` selects no pods.
    REFERENCE_BUDGET_SELECTS_NOTHING = "reference/budget-selects-nothing", explained;
    /// Two objects of kind `PodDisruptionBudget` select the same pods, which then cannot be evicted.
    REFERENCE_OVERLAPPING_BUDGETS = "reference/overlapping-budgets", explained;
    /// A scheduling constraint counts pods that there are not.
    REFERENCE_AFFINITY_SELECTS_NOTHING = "reference/affinity-selects-nothing", explained;
    /// A `NetworkPolicy`, or a peer of it, selects no pods.
    REFERENCE_POLICY_SELECTS_NOTHING = "reference/policy-selects-nothing", explained;
    /// A `NetworkPolicy` allows a port that none of the pods has.
    REFERENCE_POLICY_PORT = "reference/policy-port", explained;
    /// A `NetworkPolicy` has rules of a direction that it is not for.
    REFERENCE_POLICY_TYPES = "reference/policy-types", explained;
    /// A monitor of Prometheus selects nothing, or a port that there is not.
    REFERENCE_MONITOR_SELECTS_NOTHING = "reference/monitor-selects-nothing", explained;
    /// A route leads to a Service that is not there.
    REFERENCE_MISSING_BACKEND = "reference/missing-backend", explained;
    /// A route leads to a port that its Service does not have.
    REFERENCE_BACKEND_PORT = "reference/backend-port", explained;
    /// A route uses a middleware, or an option of Traefik, that is not there.
    REFERENCE_MISSING_MIDDLEWARE = "reference/missing-middleware", explained;
    /// An object of the Gateway API refers to another namespace, which does not allow it.
    REFERENCE_MISSING_GRANT = "reference/missing-grant", explained;
    /// No listener of its Gateway takes a route, or one of its hosts.
    REFERENCE_NO_LISTENER = "reference/no-listener", explained;
    /// A certificate is not for the host that is served with it.
    REFERENCE_CERTIFICATE_HOSTS = "reference/certificate-hosts", explained;
    /// An Ingress serves a host without TLS beside others with it.
    REFERENCE_TLS_HOSTS = "reference/tls-hosts", explained;
    /// Two routes are for the same requests.
    REFERENCE_DUPLICATE_ROUTE = "reference/duplicate-route", explained;
    /// An Application of Argo CD syncs a directory that there is not.
    REFERENCE_APPLICATION_PATH = "reference/application-path", explained;
    /// An Application is of a project that there is not.
    REFERENCE_MISSING_PROJECT = "reference/missing-project", explained;
    /// A project does not allow what an Application of it deploys.
    REFERENCE_PROJECT_DENIES = "reference/project-denies", explained;
    /// An Application deploys to a namespace that nothing makes.
    REFERENCE_APPLICATION_NAMESPACE = "reference/application-namespace", explained;
    /// Two Applications sync the same directory to the same place.
    REFERENCE_DUPLICATE_APPLICATION = "reference/duplicate-application", explained;

    /// An object is named that is not there.
    REFERENCE_MISSING_OBJECT = "reference/missing-object", explained;
    /// A key of a ConfigMap or a Secret is named, or needed, that it does not have.
    REFERENCE_MISSING_KEY = "reference/missing-key", explained;
    /// Objects are in a namespace that nothing makes.
    REFERENCE_MISSING_NAMESPACE = "reference/missing-namespace", explained;
    /// A file of a volume is mounted that the volume does not have.
    REFERENCE_MISSING_SUB_PATH = "reference/missing-sub-path", explained;
    /// A ConfigMap or a Secret is used that has no data.
    REFERENCE_NO_DATA = "reference/no-data", explained;
    /// A port of a Service is called that it does not have.
    REFERENCE_MISSING_PORT = "reference/missing-port", explained;
    /// A listener of a Gateway is named that it does not have.
    REFERENCE_MISSING_LISTENER = "reference/missing-listener", explained;
    /// The Service of a StatefulSet has an address of its own, so that its pods have no names.
    REFERENCE_NOT_HEADLESS = "reference/not-headless", explained;
    /// A Secret is named where one of another type is needed.
    REFERENCE_SECRET_TYPE = "reference/secret-type", explained;
    /// Nothing uses a ConfigMap.
    REFERENCE_UNUSED_CONFIG_MAP = "reference/unused-config-map", explained;
    /// Nothing uses a Secret.
    REFERENCE_UNUSED_SECRET = "reference/unused-secret", explained;

    /// ExternalDNS is not told how to treat records, which it must be.
    TRAP_EXTERNAL_DNS_POLICY = "trap/external-dns-policy", explained;
    /// An annotation is for another release of ExternalDNS than the one that is deployed.
    TRAP_EXTERNAL_DNS_ANNOTATION = "trap/external-dns-annotation", explained;
    /// ExternalDNS has several replicas.
    TRAP_EXTERNAL_DNS_REPLICAS = "trap/external-dns-replicas", explained;
    /// ExternalDNS marks its records with an id that every cluster has.
    TRAP_EXTERNAL_DNS_OWNER = "trap/external-dns-owner", explained;
    /// Two ExternalDNS mark records of one zone with the same id.
    TRAP_EXTERNAL_DNS_SHARED_OWNER = "trap/external-dns-shared-owner", explained;
    /// A certificate keeps its private key when it is renewed.
    TRAP_CERTIFICATE_KEY = "trap/certificate-key", explained;
    /// A certificate is to be renewed at a time that does not go with how long it is valid.
    TRAP_CERTIFICATE_RENEWAL = "trap/certificate-renewal", explained;
    /// A certificate for clients is asked of a public authority.
    TRAP_ACME_CLIENT_AUTH = "trap/acme-client-auth", explained;
    /// A name is proved by HTTP-01 where that cannot work, or not before DNS points here.
    TRAP_HTTP_CHALLENGE = "trap/http-challenge", explained;
    /// A certificate of production is signed by an authority that no client trusts.
    TRAP_TEST_ISSUER = "trap/test-issuer", explained;
    /// The certificate of a client of MongoDB looks like that of a member.
    TRAP_MONGODB_CLIENT_SUBJECT = "trap/mongodb-client-subject", explained;
    /// The certificate of the members of MongoDB is not for all of their names.
    TRAP_MONGODB_MEMBER_NAMES = "trap/mongodb-member-names", explained;
    /// The certificate of the members of MongoDB is not for clients and servers.
    TRAP_MONGODB_MEMBER_USAGES = "trap/mongodb-member-usages", explained;
    /// A Secret that is renewed is mounted so that the renewal is never seen.
    TRAP_STALE_SECRET = "trap/stale-secret", explained;
    /// A constraint is applied before its template, on which its kind depends.
    TRAP_CONSTRAINT_ORDER = "trap/constraint-order", explained;
    /// A constraint whose kind may not be there yet is part of a dry run.
    TRAP_CONSTRAINT_DRY_RUN = "trap/constraint-dry-run", explained;
    /// The values of a Secret are in the repository.
    TRAP_SECRET_IN_CLEAR = "trap/secret-in-clear", explained;
    /// A password, a token or a private key is in the repository, outside of a Secret.
    TRAP_PASSWORD_IN_CLEAR = "trap/password-in-clear", explained;
    /// A namespace lets in pods of every kind.
    TRAP_POD_SECURITY = "trap/pod-security", explained;
    /// An upgrade of the cluster changes which pods a namespace lets in.
    TRAP_POD_SECURITY_VERSION = "trap/pod-security-version", explained;
    /// A network policy opens the way to the login of the node.
    TRAP_METADATA_ADDRESS = "trap/metadata-address", explained;
    /// A network policy opens DNS to any address.
    TRAP_DNS_EGRESS = "trap/dns-egress", explained;
    /// A rollout waits for a volume that the old pod has.
    TRAP_VOLUME_ROLLOUT = "trap/volume-rollout", explained;
    /// Pods are chosen by one label in two ways, which no pod may have.
    TRAP_MATCHED_LABEL = "trap/matched-label", explained;
    /// A number of replicas is written down for what is scaled automatically.
    TRAP_AUTOSCALED_REPLICAS = "trap/autoscaled-replicas", explained;
    /// A disruption budget keeps nodes from being drained.
    TRAP_BLOCKED_DRAIN = "trap/blocked-drain", explained;
    /// An image is `latest`, or has no tag.
    TRAP_IMAGE_TAG = "trap/image-tag", explained;
    /// An image has no digest, in production.
    TRAP_IMAGE_DIGEST = "trap/image-digest", explained;
    /// Something is used that its makers have given up.
    TRAP_RETIRED = "trap/retired", explained;

    /// A `ConstraintTemplate` is none that Gatekeeper takes.
    POLICY_TEMPLATE = "policy/template", explained;
    /// A constraint is none that Gatekeeper takes.
    POLICY_CONSTRAINT = "policy/constraint", explained;
    /// An `ExpansionTemplate` is none that Gatekeeper takes.
    POLICY_EXPANSION = "policy/expansion", explained;
    /// The two engines of a template say different things of an object.
    POLICY_ENGINES_DISAGREE = "policy/engines-disagree", explained;
    /// A policy compares objects with others that Gatekeeper does not have.
    POLICY_NOT_SYNCED = "policy/not-synced", explained;
    /// A suite, or a file that it names, cannot be used.
    POLICY_SUITE = "policy/suite", explained;
    /// A case of a suite has other violations than it expects.
    POLICY_ASSERTION = "policy/assertion", explained;
    /// A `ValidatingAdmissionPolicy` of the same cluster is against an object.
    POLICY_ADMISSION = "policy/admission", explained;
    /// A `ValidatingAdmissionPolicy` has an expression that only a server can evaluate.
    POLICY_ADMISSION_EXPRESSION = "policy/admission-expression", explained;
    /// A `ValidatingAdmissionPolicy` is bound by nothing, or without its parameters.
    POLICY_ADMISSION_BINDING = "policy/admission-binding", explained;
    /// A mutation does not turn the verdict of its case around, or a case has none.
    POLICY_MUTATION = "policy/mutation", explained;
    /// No suite tests a template.
    POLICY_NO_SUITE = "policy/no-suite", explained;
    /// A policy uses a function that the language does not have any more.
    POLICY_REGO_DEPRECATED = "policy/rego-deprecated", explained;
    /// The result of a policy does not depend on the object alone.
    POLICY_REGO_IMPURE = "policy/rego-impure", explained;
    /// A violation of a policy has no message, so that it is dropped.
    POLICY_REGO_NO_MESSAGE = "policy/rego-no-message", explained;
    /// A regular expression of a policy is none.
    POLICY_REGO_REGEX = "policy/rego-regex", explained;
    /// A message of a policy does not fit the values that it is made of.
    POLICY_REGO_SPRINTF = "policy/rego-sprintf", explained;
    /// A part of a policy is not used.
    POLICY_REGO_UNUSED = "policy/rego-unused", explained;

    /// Two objects of an overlay would be rendered to one file.
    RENDER_SAME_FILE = "render/same-file", explained;
    /// The kind and name of an object make no file name.
    RENDER_FILE_NAME = "render/file-name", explained;
    /// A file of the rendered tree is not what its overlay builds to.
    RENDER_STALE = "render/stale", explained;

    /// `xtask.toml` is not TOML.
    CONFIG_SYNTAX = "config/syntax", explained;
    /// `xtask.toml` has a key that does not exist.
    CONFIG_UNKNOWN_KEY = "config/unknown-key", explained;
    /// An entry of `xtask.toml` lacks a key that it must have.
    CONFIG_MISSING_KEY = "config/missing-key", explained;
    /// A value in `xtask.toml` has the wrong type.
    CONFIG_TYPE = "config/type", explained;
    /// A value in `xtask.toml` is none that its key takes.
    CONFIG_VALUE = "config/value", explained;
    /// Nothing is found that a `[[suppress]]` entry of `xtask.toml` accepts.
    CONFIG_UNUSED_SUPPRESSION = "config/unused-suppression", explained;
    /// Nothing refers to an object that an `[[external]]` entry of `xtask.toml` declares.
    CONFIG_UNUSED_EXTERNAL = "config/unused-external", explained;
}
