"""The manifests are what Kubernetes takes, ask for no right that is not needed, and fit each other."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from linkfox_client.paths import version

from gateway.cli.parser import command_parser
from gateway.server.serve import GRACE_SECONDS
from tests.support.deploy_page import codes, lines, preparing, typed
from tests.support.deploy_tools import DEPLOY, declared_variables, installed, said, tool

Document = dict[str, Any]
# The oldest that is still kept up where operators run it, and the newest that there is a schema of.
VERSIONS = ("1.29.0", "1.37.0")
CONTAINER_WAIT = 60  # seconds: the default of GATEWAY_DATABASE_WAIT_SECONDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example with what an operator adds: settings, and a file for each secret."""
    copy = tmp_path_factory.mktemp("kubernetes") / "deploy"
    shutil.copytree(DEPLOY, copy)
    example = copy / "kubernetes" / "example"
    for line in preparing("Kubernetes"):
        typed(line, example, {}, pasted="what-was-pasted")
    (example / "secrets" / "database-url").write_text("postgresql://gateway:a-password@db/gateway")
    return example


@pytest.fixture(scope="module")
def rendered(folder: Path) -> str:
    """What `kubectl apply -k` would send."""
    return said([installed("kubectl", "kubernetes-client"), "kustomize", "."], folder)


@pytest.fixture(scope="module")
def documents(rendered: str) -> list[Document]:
    """The same as documents."""
    return list(yaml.safe_load_all(rendered))


def of_kind(documents: list[Document], kind: str) -> dict[str, Document]:
    """Return the documents of a kind by their names."""
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def pods(documents: list[Document]) -> Iterator[Document]:
    """Yield the template of each pod."""
    for each in of_kind(documents, "Deployment").values():
        yield each["spec"]["template"]
    for each in of_kind(documents, "CronJob").values():
        yield each["spec"]["jobTemplate"]["spec"]["template"]


def gateway(documents: list[Document]) -> Document:
    """Return the pods of the gateway itself."""
    template: Document = of_kind(documents, "Deployment")["linkfox-gateway"]["spec"]["template"]
    return template


@pytest.mark.parametrize("version", VERSIONS)
def test_each_document_is_of_its_schema(rendered: str, tmp_path: Path, version: str) -> None:
    """And has no field that the schema does not know, such as a misspelt one."""
    (tmp_path / "all.yaml").write_text(rendered, encoding="utf-8")
    command = [str(tool("kubernetes-validate")), "--strict", "--kubernetes-version", version, "all.yaml"]
    told = said(command, tmp_path)
    assert told.count("passed") >= 10, told


def test_pods_keep_the_restricted_standard(documents: list[Document]) -> None:
    """Kubernetes' own (Pod Security Standards), and a root that cannot be written; none talks to its API."""
    (namespace,) = of_kind(documents, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    found = list(pods(documents))
    assert len(found) == 2
    for pod in found:
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }
            assert container["resources"]["limits"]["memory"]


def test_containers_get_settings_that_there_are(documents: list[Document]) -> None:
    """Of the environment and of the map; secrets come as files of the one secret, which has them."""
    (secret,) = of_kind(documents, "Secret").values()
    (settings,) = of_kind(documents, "ConfigMap").values()
    assert set(settings["data"]) <= declared_variables()
    for pod in pods(documents):
        mounted = {each["name"]: each for each in pod["spec"]["volumes"]}
        assert mounted["secrets"]["secret"]["secretName"] == secret["metadata"]["name"]
        for container in pod["spec"]["containers"]:
            (place,) = [each for each in container["volumeMounts"] if each["name"] == "secrets"]
            given = {each["name"]: each.get("value", "") for each in container["env"]}
            assert set(given) <= declared_variables()
            files = {value for name, value in given.items() if name.endswith("_FILE")}
            files |= {value for name, value in settings["data"].items() if name.endswith("_FILE")}
            assert any(Path(file).name.endswith("client-secret") for file in files)
            assert {Path(file).name for file in files} <= set(secret["data"])
            assert {str(Path(file).parent) for file in files} == {place["mountPath"]}
            (map_of,) = [each["configMapRef"]["name"] for each in container["envFrom"]]
            assert map_of == settings["metadata"]["name"]
            assert container["image"] == f"registry.example.com/linkfox-gateway:{version()}"


def test_a_stop_has_the_time_that_it_takes(documents: list[Document]) -> None:
    """For serving on while traffic is sent elsewhere, and for ending what is in flight."""
    spec = gateway(documents)["spec"]
    (container,) = spec["containers"]
    (drain,) = [each["value"] for each in container["env"] if each["name"] == "GATEWAY_DRAIN_SECONDS"]
    probe = container["readinessProbe"]
    assert int(drain) >= probe["periodSeconds"] * probe["failureThreshold"]
    assert spec["terminationGracePeriodSeconds"] > int(drain) + GRACE_SECONDS


def test_probes_ask_what_each_is_for(documents: list[Document]) -> None:
    """Only traffic depends on the database: a restart would not bring it back."""
    (container,) = gateway(documents)["spec"]["containers"]
    asked = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert asked == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    start = container["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] > CONTAINER_WAIT


def test_what_selects_pods_selects_the_gateways(documents: list[Document]) -> None:
    """The Service, the budget and the policy of the network; the backup has a policy of its own."""
    labels = gateway(documents)["metadata"]["labels"]
    service = of_kind(documents, "Service")["linkfox-gateway"]["spec"]
    budget = of_kind(documents, "PodDisruptionBudget")["linkfox-gateway"]["spec"]
    policies = of_kind(documents, "NetworkPolicy")
    assert service["selector"].items() <= labels.items()
    assert budget["selector"]["matchLabels"].items() <= labels.items()
    selected = [each["spec"]["podSelector"]["matchLabels"] for each in policies.values()]
    for pod in pods(documents):
        assert len([each for each in selected if each.items() <= pod["metadata"]["labels"].items()]) == 1
    (container,) = gateway(documents)["spec"]["containers"]
    names = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in service["ports"]} == names
    (rule,) = of_kind(documents, "Ingress")["linkfox-gateway"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend == {"name": "linkfox-gateway", "port": {"name": service["ports"][0]["name"]}}


def test_the_backup_runs_a_command_that_there_is(documents: list[Document]) -> None:
    """With words that the gateway's program takes."""
    (job,) = of_kind(documents, "CronJob").values()
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert command_parser().parse_args(container["args"]).command == "backup"


def test_the_drill_is_a_restore_beside_the_database(
    documents: list[Document], folder: Path, tmp_path: Path
) -> None:
    """As kubectl makes it of the job that backs up, with all that this one has besides."""
    (nightly,) = of_kind(documents, "CronJob").values()
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "drill"}}
    backup = nightly["spec"]["jobTemplate"]["spec"]
    (tmp_path / "job.yaml").write_text(yaml.safe_dump({**job, "spec": backup}), encoding="utf-8")
    shutil.copy(folder / "drill.yaml", tmp_path)
    (line,) = [each for each in lines("Kubernetes") if "--patch-file" in each]
    installed("kubectl", "kubernetes-client")
    drill = yaml.safe_load(typed(line.partition(" | ")[0], tmp_path, {}))["spec"]
    (before,), (after,) = (each["template"]["spec"]["containers"] for each in (backup, drill))
    options = command_parser().parse_args(after["args"])
    assert (options.command, options.path.parent) == ("restore", Path("/backups/gateway"))
    assert options.drill.parent in {Path(each["mountPath"]) for each in after["volumeMounts"]}
    assert {**after, "args": before["args"]} == before


TYPED = [*lines("Kubernetes"), *lines("Upgrade"), *codes("Upgrade", "kubectl ")]


@pytest.mark.parametrize(
    "line", [part for each in TYPED for part in each.split(" | ") if part.startswith("kubectl ")]
)
def test_kubectl_knows_the_words_of_the_page(line: str, tmp_path: Path) -> None:
    """Its command and each flag; what is run in a pod is a command of the gateway's."""
    words, _, inside = line.partition(" -- ")
    kubectl, *words = shlex.split(words.replace("--namespace linkfox ", ""))
    program = installed(kubectl, "kubernetes-client")
    end = next((i for i, word in enumerate(words) if word.startswith("-") or "/" in word), len(words))
    command = [word for word in words[:end] if word != "."]
    known = said([program, *command, "--help"], tmp_path) + said([program, "options"], tmp_path)
    flags = [word.partition("=")[0] for word in words if word.startswith("-")]
    assert [flag for flag in flags if not re.search(rf"^ +(-\w, )?{flag}[= ]", known, re.M)] == []
    if inside:
        script = inside.removeprefix("sh -c ").strip("'")
        program, *of_gateway = shlex.split(script.partition(" && ")[0])
        assert program == "linkfox-gateway"
        command_parser().parse_args(of_gateway)
