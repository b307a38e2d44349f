// Verifies an image as Kyverno's ImageValidatingPolicy does: strict decoding into its API's types, then its own
// verifier of signatures and attestations. What a cluster adds, matching and the CEL around it, is not here.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	policies "github.com/kyverno/api/api/policies.kyverno.io/v1"
	"github.com/kyverno/kyverno/pkg/image/verifiers/ivpol/cosign"
	"github.com/kyverno/sdk/extensions/imagedataloader"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := verify(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func verify(file, image string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var policy policies.ImageValidatingPolicy
	if err := yaml.UnmarshalStrict(content, &policy); err != nil {
		return fmt.Errorf("refused: %w", err)
	}
	if len(policy.Spec.Attestors) == 0 || len(policy.Spec.Validations) == 0 || len(policy.Spec.MatchImageReferences) == 0 {
		return fmt.Errorf("refused: it verifies nothing")
	}
	ctx := context.Background()
	images, err := imagedataloader.NewImageContext(nil, nil, nil)
	if err != nil {
		return err
	}
	data, err := images.Get(ctx, image, nil, nil)
	if err != nil {
		return err
	}
	verifier := cosign.NewVerifier(nil, logr.Discard())
	for _, attestor := range policy.Spec.Attestors {
		for _, attestation := range policy.Spec.Attestations {
			if err := verifier.VerifyAttestationSignature(ctx, data, &attestation, &attestor); err != nil {
				return err
			}
		}
		if len(policy.Spec.Attestations) > 0 {
			continue
		}
		if err := verifier.VerifyImageSignature(ctx, data, &attestor); err != nil {
			return err
		}
	}
	return nil
}
