import dev.sigstore.AlgorithmRegistry.SigningAlgorithm;
import dev.sigstore.KeylessSigner;
import dev.sigstore.KeylessVerifier;
import dev.sigstore.SigningConfigProvider;
import dev.sigstore.TrustedRootProvider;
import dev.sigstore.VerificationOptions;
import dev.sigstore.VerificationOptions.CertificateMatcher;
import dev.sigstore.bundle.Bundle;
import dev.sigstore.oidc.client.OidcClients;
import dev.sigstore.oidc.client.TokenStringOidcClient;
import dev.sigstore.strings.StringMatcher;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** sigstore-java publishes a library without a program; this is the program that the tests call. */
public class Keyless {
  public static void main(String[] arguments) throws Exception {
    TrustedRootProvider trust = TrustedRootProvider.from(Path.of(arguments[1]));
    switch (arguments[0]) {
      case "sign", "attest" -> {
        SigningConfigProvider services = SigningConfigProvider.from(Path.of(arguments[2]));
        Path file = Path.of(arguments[4]);
        try (KeylessSigner signer = signer(trust, services, Files.readString(Path.of(arguments[3])))) {
          Bundle bundle = arguments[0].equals("sign") ? signer.signFile(file) : signer.attest(Files.readString(file));
          Files.writeString(Path.of(arguments[5]), bundle.toJson());
        }
      }
      case "verify" -> verify(trust, identity(arguments[2], arguments[3]), Path.of(arguments[4]), arguments, 5);
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static KeylessSigner signer(TrustedRootProvider trust, SigningConfigProvider services, String token)
      throws Exception {
    return KeylessSigner.builder()
        .trustedRootProvider(trust)
        .signingConfigProvider(services)
        .enableRekorV2(true)
        .signingAlgorithm(SigningAlgorithm.PKIX_ECDSA_P256_SHA_256)
        .forceCredentialProviders(OidcClients.of(TokenStringOidcClient.from(token)))
        .build();
  }

  private static VerificationOptions identity(String name, String issuer) {
    CertificateMatcher matcher =
        CertificateMatcher.fulcio()
            .subjectAlternativeName(StringMatcher.string(name))
            .issuer(StringMatcher.string(issuer))
            .build();
    return VerificationOptions.builder().addCertificateMatchers(matcher).build();
  }

  /** All bundles are of one file, so that a table of them costs one start of Java. */
  private static void verify(
      TrustedRootProvider trust, VerificationOptions identity, Path file, String[] bundles, int first)
      throws Exception {
    KeylessVerifier verifier = KeylessVerifier.builder().trustedRootProvider(trust).build();
    for (int at = first; at < bundles.length; at++) {
      verifier.verify(file, Bundle.from(Path.of(bundles[at]), StandardCharsets.UTF_8), identity);
      System.out.println(bundles[at]);
    }
  }
}
