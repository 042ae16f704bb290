package io.fairlead.engine.resolve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.kube.Kind;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
    @ParameterizedTest
    @CsvSource({
        "web-0, POD, web-0",
        "po/x, POD, x",
        "pod/x, POD, x",
        "pods/x, POD, x",
        "Pods/x, POD, x",
        "pods.v1./x, POD, x",
        "svc/x, SERVICE, x",
        "services/x, SERVICE, x",
        "rc/x, REPLICATION_CONTROLLER, x",
        "deploy/x, DEPLOYMENT, x",
        "deployment/x, DEPLOYMENT, x",
        "DEPLOYMENTS/x, DEPLOYMENT, x",
        "deployment.apps/x, DEPLOYMENT, x",
        "deployments.v1.apps/x, DEPLOYMENT, x",
        "deploy.apps/x, DEPLOYMENT, x",
        "rs/x, REPLICA_SET, x",
        "sts/x, STATEFUL_SET, x",
        "statefulset.apps/x, STATEFUL_SET, x",
        "ds/x, DAEMON_SET, x",
        "job/x, JOB, x",
        "jobs.batch/x, JOB, x",
        "pod/a.b-c, POD, a.b-c",
    })
    void kubectlsWordsAreUnderstood(String text, Kind kind, String name) throws ForwardException {
        assertEquals(new Target(kind, name, text), Target.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"foo/x", "cm/x", "deployments.batch/x", "pods.apps/x", "pods.v1/x", "deployments.v1beta1.apps/x", "cronjob/x", "./x"})
    void unknownTypesAreNamed(String text) {
        Failure failure = assertThrows(ForwardException.class, () -> Target.parse(text)).failure();
        assertEquals(new Failure.UnknownType(text.substring(0, text.indexOf('/'))), failure);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "a/b/c   | arguments in resource/name form may not have more than one slash",
        "/x      | arguments in resource/name form must have a single resource and name",
        "pod/    | arguments in resource/name form must have a single resource and name",
        "po,svc/x| arguments in resource/name form must have a single resource and name",
        "pod/..  | invalid resource name \"..\": may not be '..'",
        "pod/a%2f| invalid resource name \"a%2f\": may not contain '%'",
        ".       | invalid resource name \".\": may not be '.'",
        "''      | it is empty",
    })
    void whatIsNoTargetIsRefused(String text, String why) {
        assertEquals(new Failure.MalformedTarget(text, why), assertThrows(ForwardException.class, () -> Target.parse(text)).failure());
    }
}
