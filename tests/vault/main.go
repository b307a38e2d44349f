// Vault's core, transit engine and HTTP API, unsealed and in memory: the server that tests of `hashivault://` keys talk to.
// It is all of Vault that these need, and builds in a fraction of the time.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/builtin/logical/transit"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

// Serves at the address that is its one argument; prints the root token once it listens.
func main() {
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Error})
	storage, err := inmem.NewInmem(nil, logger)
	fail(err)
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:        storage,
		LogicalBackends: map[string]logical.Factory{"transit": transit.Factory},
		BuiltinRegistry: noPlugins{},
		DisableMlock:    true,
		Logger:          logger,
	})
	fail(err)
	oneShare := &vault.SealConfig{SecretShares: 1, SecretThreshold: 1}
	begun, err := core.Initialize(context.Background(), &vault.InitParams{BarrierConfig: oneShare})
	fail(err)
	_, err = core.Unseal(begun.SecretShares[0])
	fail(err)
	listener, err := net.Listen("tcp", os.Args[1])
	fail(err)
	fmt.Println(begun.RootToken)
	properties := &vault.HandlerProperties{Core: core, ListenerConfig: &configutil.Listener{}}
	fail(http.Serve(listener, vaulthttp.Handler.Handler(properties)))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Vault looks here for what is not among its LogicalBackends.
type noPlugins struct{}

func (noPlugins) Contains(string, consts.PluginType) bool { return false }

func (noPlugins) Keys(consts.PluginType) []string { return nil }

func (noPlugins) Get(string, consts.PluginType) (func() (interface{}, error), bool) {
	return nil, false
}

func (noPlugins) DeprecationStatus(string, consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Unknown, false
}
