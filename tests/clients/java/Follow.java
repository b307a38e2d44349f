import dev.sigstore.tuf.RootProvider;
import dev.sigstore.tuf.SigstoreTufClient;
import java.net.URI;
import java.nio.file.Path;

/** Fetches what sigstore-java needs from a TUF mirror, into an empty cache. */
public class Follow {
  public static void main(String[] arguments) throws Exception {
    SigstoreTufClient client =
        SigstoreTufClient.builder()
            .tufMirror(URI.create(arguments[0]), RootProvider.fromFile(Path.of(arguments[1])))
            .tufCacheLocation(Path.of(arguments[2]))
            .build();
    client.update();
  }
}
