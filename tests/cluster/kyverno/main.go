// Judges an image as Kyverno's ImageValidatingPolicy does: strict decoding into its API's types, and the policy's expressions
// with Kyverno's own functions. What a cluster adds is not here: which objects are looked at, and what images they have.
package main

import (
	"fmt"
	"os"

	"github.com/go-logr/logr/funcr"
	"github.com/google/cel-go/cel"
	policies "github.com/kyverno/api/api/policies.kyverno.io/v1"
	"github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/kyverno/kyverno/pkg/cel/compiler"
	"github.com/kyverno/kyverno/pkg/cel/libs/imageverify"
	"github.com/kyverno/sdk/extensions/imagedataloader"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := judge(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judge(file, image string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var policy policies.ImageValidatingPolicy
	if err := yaml.UnmarshalStrict(content, &policy); err != nil {
		return fmt.Errorf("refused: %w", err)
	}
	env, err := environment(&v1beta1.ImageValidatingPolicy{ObjectMeta: policy.ObjectMeta, Spec: policy.Spec})
	if err != nil {
		return err
	}
	if len(policy.Spec.Validations) == 0 {
		return fmt.Errorf("refused: it says nothing")
	}
	for _, validation := range policy.Spec.Validations {
		if err := holds(env, validation.Expression, known(policy.Spec, image)); err != nil {
			return fmt.Errorf("%s: %w", validation.Message, err)
		}
	}
	return nil
}

// The variables and functions of Kyverno that the policy needs.
func environment(policy *v1beta1.ImageValidatingPolicy) (*cel.Env, error) {
	images, err := imagedataloader.NewImageContext(nil, nil, nil)
	if err != nil {
		return nil, err
	}
	tell := func(_, text string) { fmt.Fprintln(os.Stderr, text) }
	logger := funcr.New(tell, funcr.Options{Verbosity: 6})
	return cel.NewEnv(append(compiler.DefaultEnvOptions(),
		cel.Variable(compiler.ImagesKey, cel.MapType(cel.StringType, cel.ListType(cel.StringType))),
		cel.Variable(compiler.AttestorsKey, cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable(compiler.AttestationsKey, cel.MapType(cel.StringType, cel.StringType)),
		imageverify.Lib(imageverify.Latest(), images, policy, nil, logger, nil, imageverify.NewImageVerificationResults()),
	)...)
}

// What they are for a pod with that image in an init container.
func known(spec v1beta1.ImageValidatingPolicySpec, image string) map[string]any {
	attestors, attestations := map[string]any{}, map[string]string{}
	for _, attestor := range spec.Attestors {
		attestors[attestor.Name] = attestor
	}
	for _, attestation := range spec.Attestations {
		attestations[attestation.Name] = attestation.Name
	}
	return map[string]any{
		compiler.ImagesKey:       map[string][]string{"containers": {}, "initContainers": {image}, "ephemeralContainers": {}},
		compiler.AttestorsKey:    attestors,
		compiler.AttestationsKey: attestations,
	}
}

func holds(env *cel.Env, expression string, known map[string]any) error {
	compiled, issues := env.Compile(expression)
	if issues.Err() != nil {
		return fmt.Errorf("refused: %w", issues.Err())
	}
	program, err := env.Program(compiled)
	if err != nil {
		return err
	}
	outcome, _, err := program.Eval(known)
	if err != nil {
		return err
	}
	if outcome.Value() != true {
		return fmt.Errorf("%s does not hold", expression)
	}
	return nil
}
