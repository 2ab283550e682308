package io.ambassador.architecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;

/** The classes that ship, from every module; no tests, no testkit, no libraries. */
final class Product {
    static final String API = "io.ambassador";
    static final String SPI = "io.ambassador.spi..";
    static final String DISCOVERY = "io.ambassador.discovery..";
    static final String AUTH = "io.ambassador.auth..";
    static final String LAUNCHER = "io.ambassador.launcher..";
    static final String EVERYTHING = "io.ambassador..";

    static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(Product::ships).importPackages("io.ambassador");

    private Product() {}

    /** The build keeps tests in a directory of their own, and the testkit in a jar named for tests. */
    private static boolean ships(Location location) {
        return !location.contains("/test-classes/") && !location.contains("-tests.jar");
    }
}
