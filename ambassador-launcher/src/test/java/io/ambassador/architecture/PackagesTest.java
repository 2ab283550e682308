package io.ambassador.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static io.ambassador.architecture.Product.API;
import static io.ambassador.architecture.Product.CLASSES;
import static io.ambassador.architecture.Product.LAUNCHER;
import static io.ambassador.architecture.Product.SPI;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.List;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.slf4j.spi.LoggingEventBuilder;
import org.slf4j.spi.SLF4JServiceProvider;

/** Arrows between packages point down, and never in a circle. */
class PackagesTest {
    @Test
    void spiSeesOnlyTheJdk() {
        classes()
                .that()
                .resideInAPackage(SPI)
                .and()
                .resideOutsideOfPackage("io.ambassador.spi.protocol")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "javax..", "org.jspecify.annotations", SPI)
                .check(CLASSES);
    }

    @Test
    void protocolsAloneSeeNetty() {
        classes()
                .that()
                .resideInAPackage("io.ambassador.spi.protocol")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "javax..", "org.jspecify.annotations", SPI, "io.netty..")
                .check(CLASSES);
    }

    @Test
    void coreIsLayered() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .withOptionalLayers(true)
                .layer("api")
                .definedBy(API)
                .layer("listener")
                .definedBy("io.ambassador.listener..")
                .layer("http")
                .definedBy("io.ambassador.http..")
                .layer("routing")
                .definedBy("io.ambassador.routing..")
                .layer("service")
                .definedBy("io.ambassador.service..")
                .layer("upstream")
                .definedBy("io.ambassador.upstream..")
                .layer("relay")
                .definedBy("io.ambassador.relay..")
                .layer("balancing")
                .definedBy("io.ambassador.balancing..")
                .layer("health")
                .definedBy("io.ambassador.health..")
                .layer("resilience")
                .definedBy("io.ambassador.resilience..")
                .layer("explain")
                .definedBy("io.ambassador.explain..")
                .layer("metrics")
                .definedBy("io.ambassador.metrics..")
                .layer("transport")
                .definedBy("io.ambassador.transport..")
                .layer("spi")
                .definedBy(SPI)
                .whereLayer("api")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("listener")
                .mayOnlyBeAccessedByLayers("api")
                .whereLayer("http")
                .mayOnlyBeAccessedByLayers("api", "listener")
                .whereLayer("routing")
                .mayOnlyBeAccessedByLayers("api", "listener", "http")
                .whereLayer("upstream")
                .mayOnlyBeAccessedByLayers("api", "listener", "http")
                .whereLayer("health")
                .mayOnlyBeAccessedByLayers("api", "upstream")
                .whereLayer("service")
                .mayOnlyAccessLayers("relay", "balancing", "explain", "resilience", "metrics", "transport", "spi")
                .whereLayer("relay")
                .mayOnlyAccessLayers("transport", "metrics", "spi")
                .whereLayer("balancing")
                .mayOnlyAccessLayers("spi")
                .whereLayer("explain")
                .mayOnlyAccessLayers("resilience", "spi")
                .whereLayer("resilience")
                .mayOnlyAccessLayers("metrics", "spi")
                .whereLayer("metrics")
                .mayNotAccessAnyLayer()
                .whereLayer("transport")
                .mayOnlyAccessLayers("spi")
                .whereLayer("spi")
                .mayNotAccessAnyLayer()
                .check(CLASSES);
    }

    @Test
    void packagesFormNoCircle() {
        slices().assignedFrom(new ByPackage()).should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void everyPackageIsNullMarked() {
        TreeSet<String> unmarked = CLASSES.stream()
                .map(JavaClass::getPackage)
                .filter(holder -> !holder.isAnnotatedWith(NullMarked.class))
                .map(holder -> holder.getName())
                .collect(Collectors.toCollection(TreeSet::new));

        assertEquals(List.of(), List.copyOf(unmarked), "packages without @NullMarked in package-info.java");
    }

    @Test
    void onlyCommandsPrint() {
        noClasses()
                .that()
                .resideOutsideOfPackage(LAUNCHER)
                .should(ACCESS_STANDARD_STREAMS)
                .check(CLASSES);
    }

    @Test
    void logsGoThroughSlf4j() {
        noClasses()
                .that()
                .resideOutsideOfPackage(LAUNCHER)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.logging")
                .check(CLASSES);
    }

    /** An embedder's own log is used as it is set up. */
    @Test
    void onlyTheLaunchersLogImplementsSlf4j() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.ambassador.launcher.logging")
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                                "org.slf4j.spi..", "org.slf4j.helpers..", "ch.qos.logback..", "org.apache.logging..")
                        .and(not(equivalentTo(LoggingEventBuilder.class))))
                .check(CLASSES);
        assertEquals(
                List.of(),
                ServiceLoader.load(SLF4JServiceProvider.class).stream().toList(),
                "the launcher names its own when it runs as a program");
    }

    @Test
    void onlyCommandsTouchTheJdksInside() {
        noClasses()
                .that()
                .resideOutsideOfPackage(LAUNCHER)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sun..", "com.sun..", "jdk.internal..")
                .check(CLASSES);
    }

    private static final class ByPackage implements SliceAssignment {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            return SliceIdentifier.of(type.getPackageName());
        }

        @Override
        public String getDescription() {
            return "packages";
        }
    }
}
