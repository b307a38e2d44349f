// Verifies an image as policy-controller does, by its own packages: the TrustRoot is decoded strictly, defaulted, validated,
// brought into the ConfigMap that its webhook reads, and the ClusterImagePolicy judged with it.
package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/policy-controller/pkg/apis/config"
	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	"github.com/sigstore/policy-controller/pkg/policy"
	"github.com/sigstore/policy-controller/pkg/reconciler/trustroot"
	"github.com/sigstore/policy-controller/pkg/reconciler/trustroot/resources"
	"github.com/sigstore/policy-controller/pkg/tuf"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := verify(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func verify(ctx context.Context, file, image string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	trustRoot, clusterImagePolicy, _ := bytes.Cut(content, []byte("\n---\n"))
	ctx, err = withTrustRoot(ctx, trustRoot)
	if err != nil {
		return fmt.Errorf("the TrustRoot is refused: %w", err)
	}
	verification := policy.Verification{
		NoMatchPolicy: "deny",
		Policies:      &[]policy.Source{{Data: string(clusterImagePolicy)}},
	}
	if err := verification.Validate(ctx); err != nil {
		return fmt.Errorf("the ClusterImagePolicy is refused: %w", err)
	}
	warn := func(text string, values ...interface{}) { fmt.Fprintf(os.Stderr, text+"\n", values...) }
	verifier, err := policy.Compile(ctx, verification, warn)
	if err != nil {
		return err
	}
	reference, err := name.ParseReference(image)
	if err != nil {
		return err
	}
	return verifier.Verify(ctx, reference, authn.DefaultKeychain)
}

func withTrustRoot(ctx context.Context, content []byte) (context.Context, error) {
	var root v1alpha1.TrustRoot
	if err := yaml.UnmarshalStrict(content, &root); err != nil {
		return nil, err
	}
	root.SetDefaults(ctx)
	if err := root.Validate(ctx); err != nil {
		return nil, err
	}
	keys, err := keysOf(ctx, &root.Spec)
	if err != nil {
		return nil, err
	}
	stored, err := resources.NewConfigMap("cosign-system", config.SigstoreKeysConfigName, root.Name, keys)
	if err != nil {
		return nil, err
	}
	read, err := config.NewSigstoreKeysFromConfigMap(stored)
	if err != nil {
		return nil, err
	}
	settings := config.FromContextOrDefaults(ctx)
	settings.SigstoreKeysConfig = read
	return config.ToContext(ctx, settings), nil
}

func keysOf(ctx context.Context, spec *v1alpha1.TrustRootSpec) (*config.SigstoreKeys, error) {
	if spec.Remote == nil {
		return config.ConvertSigstoreKeys(ctx, spec.SigstoreKeys)
	}
	client, err := tuf.ClientFromRemote(ctx, spec.Remote.Mirror.String(), spec.Remote.Root, spec.Remote.Targets)
	if err != nil {
		return nil, err
	}
	target := spec.Remote.TrustedRootTarget
	if target == "" {
		target = "trusted_root.json"
	}
	keys, err := trustroot.GetSigstoreKeysFromTuf(ctx, client, target)
	if err != nil {
		return nil, err
	}
	return keys, rename(append(keys.Tlogs, keys.Ctlogs...))
}

// As its reconciler does with what comes from a repository; that function itself needs a cluster.
func rename(logs []*config.TransparencyLogInstance) error {
	for _, log := range logs {
		key, err := x509.ParsePKIXPublicKey(log.PublicKey.RawBytes)
		if err != nil {
			return err
		}
		id, err := cosign.GetTransparencyLogID(key)
		if err != nil {
			return err
		}
		log.LogId = &config.LogID{KeyId: []byte(id)}
	}
	return nil
}
