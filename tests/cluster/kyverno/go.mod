module sigstead.test/kyverno

go 1.26

require (
	github.com/go-logr/logr v1.4.4
	github.com/google/cel-go v0.30.0
	github.com/kyverno/api v0.0.1-alpha.3.0.20260723090831-fb2785727f98
	github.com/kyverno/kyverno v1.19.1
	github.com/kyverno/sdk v0.0.0-20260825082632-68d74afcb07a
	sigs.k8s.io/yaml v1.6.0
)

// As Kyverno has it.
replace k8s.io/pod-security-admission => github.com/kyverno/pod-security-admission v0.0.0-20251031094455-46f20778634f
