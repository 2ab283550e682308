package io.ambassador.discovery.thirdparty;

import io.ambassador.testkit.EndpointSourceContract;
import java.util.Map;
import java.util.Set;

class PropertiesSourceTest extends EndpointSourceContract {
    private static final String NAME = "ambassador.test.endpoints";

    @Override
    protected String type() {
        return "system-property";
    }

    @Override
    protected MovingRegistry startRegistry() {
        return new MovingRegistry() {
            private String value = "";

            @Override
            public void set(Set<String> endpoints) {
                value = String.join(" ", endpoints);
                recover();
            }

            @Override
            public void breakDown() {
                System.clearProperty(NAME);
            }

            @Override
            public void recover() {
                System.setProperty(NAME, value);
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("name", NAME);
            }

            @Override
            public void close() {
                System.clearProperty(NAME);
            }
        };
    }
}
