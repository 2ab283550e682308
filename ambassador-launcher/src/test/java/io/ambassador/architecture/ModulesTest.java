package io.ambassador.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static io.ambassador.architecture.Product.API;
import static io.ambassador.architecture.Product.AUTH;
import static io.ambassador.architecture.Product.CLASSES;
import static io.ambassador.architecture.Product.DISCOVERY;
import static io.ambassador.architecture.Product.EVERYTHING;
import static io.ambassador.architecture.Product.LAUNCHER;
import static io.ambassador.architecture.Product.SPI;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import io.ambassador.Ambassador;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.transport.FileWatch;
import io.ambassador.transport.TlsContexts;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Launcher knows discovery and auth; these know the SPI alone, and nothing of each other. */
class ModulesTest {
    @Test
    void seesTheProduct() {
        assertTrue(CLASSES.contain(Ambassador.class), "the rules look at nothing");
    }

    @Test
    void eachModuleKeepsToItsPackages() {
        for (String module : List.of("discovery", "auth", "launcher")) {
            classes()
                    .that(areBuiltBy("ambassador-" + module))
                    .should()
                    .resideInAPackage("io.ambassador." + module + "..")
                    .allowEmptyShould(true)
                    .check(CLASSES);
        }
        noClasses()
                .that(areBuiltBy("ambassador-core"))
                .should()
                .resideInAnyPackage(DISCOVERY, AUTH, LAUNCHER)
                .check(CLASSES);
    }

    @Test
    void coreKnowsNoOtherModule() {
        noClasses()
                .that()
                .resideOutsideOfPackages(DISCOVERY, AUTH, LAUNCHER)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(DISCOVERY, AUTH, LAUNCHER)
                .because("core finds providers by ServiceLoader")
                .check(CLASSES);
    }

    @Test
    void sourcesKnowOnlyTheInterfacesTheyImplement() {
        noClasses()
                .that()
                .resideInAPackage(DISCOVERY)
                .should()
                .dependOnClassesThat(resideInAnyPackage(EVERYTHING)
                        .and(resideOutsideOfPackages(
                                DISCOVERY,
                                "io.ambassador.spi",
                                "io.ambassador.spi.discovery",
                                "io.ambassador.spi.registry",
                                "io.ambassador.spi.routing",
                                "io.ambassador.spi.secret"))
                        .and(not(equivalentTo(TlsContexts.class))))
                .because("a third party's source has no more; registries are logged in to and verified, too")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void protocolsKnowOnlyTheInterfacesTheyImplement() {
        noClasses()
                .that()
                .resideInAPackage(AUTH)
                .should()
                .dependOnClassesThat(resideInAnyPackage(EVERYTHING)
                        .and(resideOutsideOfPackages(
                                AUTH, "io.ambassador.spi", "io.ambassador.spi.protocol", "io.ambassador.spi.secret"))
                        .and(not(equivalentTo(Endpoint.class))))
                .because("a third party's protocol has no more")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void launcherDoesNothingAnEmbedderCannot() {
        noClasses()
                .that()
                .resideInAPackage(LAUNCHER)
                .should()
                .dependOnClassesThat(resideInAnyPackage(EVERYTHING)
                        .and(resideOutsideOfPackages(
                                LAUNCHER,
                                DISCOVERY,
                                AUTH,
                                API,
                                "io.ambassador.service",
                                "io.ambassador.explain",
                                "io.ambassador.metrics",
                                SPI))
                        .and(not(equivalentTo(FileWatch.class))))
                .because("it runs an engine and follows its files, as an embedder could")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void onlyTheLauncherKnowsHoconAndTheCommandLine() {
        noClasses()
                .that()
                .resideOutsideOfPackage(LAUNCHER)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.typesafe.config..", "picocli..")
                .check(CLASSES);
    }

    private static DescribedPredicate<JavaClass> areBuiltBy(String module) {
        return DescribedPredicate.describe(
                "are built by " + module,
                type -> type.getSource()
                        .map(source -> source.getUri().toString().contains("/" + module + "/"))
                        .orElse(false));
    }
}
