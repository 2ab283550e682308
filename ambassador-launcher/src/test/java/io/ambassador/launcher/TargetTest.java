package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    10.0.0.5:8080                        | 8080               | static://10.0.0.5:8080
                    [::1]:8080                           | 8080               | static://[::1]:8080
                    h1:6379,h2:6380                      | 6379               | static://h1:6379,h2:6380
                    redis.service.consul                 | 10000              | srv://redis.service.consul
                    _redis._tcp.example.com.             | 10000              | srv://_redis._tcp.example.com.
                    srv://redis                          | 10000              | srv://redis
                    dns://redis.example.com:6379         | 6379               | dns://redis.example.com:6379
                    static://10.0.0.5:8080;weight=3      | 8080               | static://10.0.0.5:8080;weight=3
                    etcd://h:2379/path                   | 10000              | etcd://h:2379/path
                    consul://h:8500/s?tag=prod           | 10000              | consul://h:8500/s?tag=prod
                    6379=srv://redis.example.com         | 6379               | srv://redis.example.com
                    1=10.0.0.5:8080                      | 1                  | static://10.0.0.5:8080
                    127.0.0.2:1=a.b                      | 127.0.0.2:1        | srv://a.b
                    *:6379=h:1                           | *:6379             | static://h:1
                    [::1]:7=h:1                          | [::1]:7            | static://h:1
                    unix:/run/a.sock=h:1                 | unix:/run/a.sock   | static://h:1
                    7=consul://h:8500/s?tag=prod         | 7                  | consul://h:8500/s?tag=prod
                    """)
    void aWordIsATarget(String word, String listen, String uri) {
        Target target = Target.parse(word);

        assertNotNull(target);
        assertEquals(uri, target.uri());
        assertEquals(listen, target.listen(null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"rnu", "check", "h:1,", "h:1,h2", "h:", ":1", "a b.c", "6379=", "-c", "h:1/x", "99999999=h:1"})
    void aWordIsNone(String word) {
        assertFalse(Target.isTarget(word));
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.5:8080, 7000, 7000", "7=10.0.0.5:8080, 7000, 7", "10.0.0.5:8080, '', 8080"})
    void thePortVariableIsForATargetThatSaysNothing(String word, String port, String listen) {
        assertEquals(listen, Target.parse(word).listen(port));
    }
}
