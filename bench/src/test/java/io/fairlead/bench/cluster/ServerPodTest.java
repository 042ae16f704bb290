package io.fairlead.bench.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kubernetes.client.openapi.models.V1ContainerState;
import io.kubernetes.client.openapi.models.V1ContainerStateRunning;
import io.kubernetes.client.openapi.models.V1ContainerStateWaiting;
import io.kubernetes.client.openapi.models.V1ContainerStatus;
import io.kubernetes.client.openapi.models.V1PodStatus;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ServerPodTest {
    @Test
    void anImageThatTheNodeDoesNotHoldIsNamedWithTheRemedy() {
        assertEquals(Optional.of("the node does not hold the image box:1 and cannot get it (ErrImagePull: no such host);"
                        + " set FAIRLEAD_POD_IMAGE to any image that is"
                + " on the node: nothing of it is run"), ServerPod.missingImage(waiting("ErrImagePull", "no such host"), "box:1"));
        assertEquals(true, ServerPod.missingImage(waiting("ImagePullBackOff", "Back-off pulling image"), "box:1").isPresent());
    }

    @Test
    void aPodThatIsOnItsWayIsNotMissingAnImage() {
        assertEquals(Optional.empty(), ServerPod.missingImage(null, "box:1"));
        assertEquals(Optional.empty(), ServerPod.missingImage(new V1PodStatus(), "box:1"));
        assertEquals(Optional.empty(), ServerPod.missingImage(waiting("ContainerCreating", null), "box:1"));
        assertEquals(Optional.empty(), ServerPod.missingImage(status(new V1ContainerState().running(new V1ContainerStateRunning())), "box:1"));
    }

    private static V1PodStatus waiting(String reason, String message) {
        return status(new V1ContainerState().waiting(new V1ContainerStateWaiting().reason(reason).message(message)));
    }

    private static V1PodStatus status(V1ContainerState state) {
        return new V1PodStatus().addContainerStatusesItem(new V1ContainerStatus().name("servers").state(state));
    }
}
