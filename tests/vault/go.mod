module sigstead.test/vault

go 1.26

require (
	github.com/hashicorp/go-hclog v1.4.0
	github.com/hashicorp/vault v1.13.2
	github.com/hashicorp/vault/sdk v0.8.1
)
