//! What is said of workloads that do not start. The objects were captured from a cluster, without
//! the fields that are not looked at.

use serde_json::json;

use super::*;

const WAITING: &str = include_str!("captured/waiting.json");
const CRASH_AND_PULL: &str = include_str!("captured/crash-and-pull.json");
const POD_SECURITY: &str = include_str!("captured/pod-security.json");
const QUOTA: &str = include_str!("captured/quota.json");
const FAILED_JOB: &str = include_str!("captured/failed-job.json");

fn snapshot(captured: &str) -> Snapshot {
    Snapshot::new(serde_json::from_str(captured).unwrap())
}

fn text_of(captured: &str, kind: &str, name: &str) -> String {
    progress(&snapshot(captured), kind, name).text
}

#[test]
fn each_reason_to_wait_is_named() {
    let of = |name| text_of(WAITING, "Deployment", name);
    assert_eq!(of("fine"), "fine 1/1 ready");
    assert_eq!(
        of("unschedulable"),
        "unschedulable 0/1 ready: Pending: 0/1 nodes are available: 1 node(s) didn't match Pod's \
         node affinity/selector. no new claims to deallocate, preemption: 0/1 nodes are available: \
         1 Preemption is not helpful for scheduling."
    );
    assert_eq!(
        of("unconfigured"),
        "unconfigured 0/1 ready: c: CreateContainerConfigError: configmap \"none\" not found"
    );
    assert_eq!(
        of("unmounted"),
        "unmounted 0/1 ready: FailedMount: MountVolume.SetUp failed for volume \"v\" : secret \
         \"none\" not found"
    );
    assert_eq!(
        of("unready"),
        "unready 0/1 ready: c: runs, not ready: Readiness probe failed: no database"
    );
    assert!(of("nameless").starts_with(
        "nameless 0/1 ready: c: ErrImagePull: failed to pull and unpack image \
         \"registry.invalid/none:1\": "
    ));
    assert_eq!(of("absent"), "absent: there is no such Deployment");
}

#[test]
fn only_what_is_ready_is_done() {
    let stage = |name| progress(&snapshot(WAITING), "Deployment", name).stage;
    assert_eq!(stage("fine"), Stage::Done);
    for name in ["unschedulable", "unconfigured", "unmounted", "unready", "nameless", "absent"] {
        assert_eq!(stage(name), Stage::Waiting, "{name}");
    }
}

#[test]
fn a_container_that_fails_is_named_for_its_log() {
    let progress = progress(&snapshot(CRASH_AND_PULL), "StatefulSet", "db");
    assert_eq!(progress.text, "db 0/1 ready: db: exit 3");
    let failed: Vec<_> =
        progress.failed.iter().map(|one| (one.pod.as_str(), one.container.as_str())).collect();
    assert_eq!(failed, [("db-0", "db")]);
}

#[test]
fn an_older_pod_that_is_still_there_does_not_hide_the_new_one() {
    let text = text_of(CRASH_AND_PULL, "Deployment", "sample-api");
    assert!(
        text.starts_with(
            "sample-api 1/1 ready, being replaced: sample-api-55d46dbf66-npnk6: api: ErrImagePull: "
        ),
        "{text}"
    );
    assert!(text.ends_with('…') && text.chars().count() < 350, "{text}");
}

#[test]
fn a_refusal_by_the_pod_security_or_a_quota_is_named() {
    let refused = "is forbidden: violates PodSecurity \"restricted:latest\": \
                   allowPrivilegeEscalation != false";
    let database = text_of(POD_SECURITY, "StatefulSet", "db");
    assert!(database.starts_with("db 0/1 ready: FailedCreate: Create Pod db-0 in"), "{database}");
    assert!(database.contains(refused), "{database}");
    let api = text_of(POD_SECURITY, "Deployment", "sample-api");
    assert!(api.starts_with("sample-api 1/1 ready, being replaced: FailedCreate: "), "{api}");
    assert!(api.contains(refused), "{api}");
    assert_eq!(
        text_of(QUOTA, "Deployment", "sample-api"),
        "sample-api 1/1 ready, being replaced: FailedCreate: pods \"sample-api-7db6546ddd-hdhv2\" is \
         forbidden: exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=1"
    );
}

#[test]
fn a_failed_job_is_the_end() {
    let progress = progress(&snapshot(FAILED_JOB), "Job", "http-client");
    assert_eq!(progress.stage, Stage::Failed);
    assert_eq!(
        progress.text,
        "http-client: failed: BackoffLimitExceeded: Job has reached the specified backoff limit"
    );
}

#[test]
fn a_warning_is_shown_once_for_each_reason() {
    let snapshot = snapshot(QUOTA);
    let deployment = snapshot.find("Deployment", "sample-api").unwrap();
    let warnings = snapshot.warnings(deployment);
    let last = warnings.last().unwrap();
    assert!(last.starts_with("replicaset/sample-api-7db6546ddd: FailedCreate: "), "{last}");
    assert!(last.contains("exceeded quota: pods"), "{last}");
    let of_quota = warnings.iter().filter(|line| line.contains("7db6546ddd: FailedCreate"));
    assert_eq!(of_quota.count(), 1, "{warnings:?}");
}

#[test]
fn a_workload_of_an_earlier_template_is_not_done() {
    let deployment = |generation: i64, updated: i64, all: i64| {
        Snapshot::new(vec![json!({
            "kind": "Deployment",
            "metadata": {"name": "web", "uid": "1", "generation": generation},
            "spec": {"replicas": 2},
            "status": {"observedGeneration": 2, "replicas": all, "readyReplicas": 2,
                "updatedReplicas": updated},
        })])
    };
    let stage = |snapshot: &Snapshot| progress(snapshot, "Deployment", "web").stage;
    assert_eq!(stage(&deployment(2, 2, 2)), Stage::Done);
    assert_eq!(stage(&deployment(3, 2, 2)), Stage::Waiting);
    assert_eq!(stage(&deployment(2, 1, 2)), Stage::Waiting);
    assert_eq!(stage(&deployment(2, 2, 3)), Stage::Waiting);
}

#[test]
fn a_memory_limit_and_an_eviction_are_named() {
    let pod = |status: &Value| {
        Snapshot::new(vec![
            json!({"kind": "StatefulSet", "metadata": {"name": "db", "uid": "1"},
                "spec": {"replicas": 1}, "status": {"replicas": 1}}),
            json!({"kind": "Pod", "status": status,
                "metadata": {"name": "db-0", "uid": "2", "ownerReferences": [{"uid": "1"}]}}),
        ])
    };
    let text = |status| progress(&pod(&status), "StatefulSet", "db").text;
    let killed = json!({"containerStatuses": [{"name": "mongod", "restartCount": 2,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}],
        "conditions": [{"type": "PodScheduled", "status": "True"}]});
    assert_eq!(text(killed), "db 0/1 ready: mongod: CrashLoopBackOff: exit 137 (OOMKilled)");
    let evicted = json!({"phase": "Failed", "reason": "Evicted", "message": "no disk"});
    assert_eq!(text(evicted), "db 0/1 ready: Evicted: no disk");
}
