/**
 * The CDF's schema for people (`hare cfgen --help-schema`): an example with every key, itself a
 * valid CDF of target motr.
 *
 * @module
 */

/** The text that `hare cfgen --help-schema` prints. */
export const CDF_HELP = `\
# Cluster description file (CDF) of Hare.
#
# Every key that exists is here. A key marked "optional" may be left out, or be null. Unknown keys
# are errors. \`hare cfgen --json-schema\` prints the same for editors.

# optional, target motr only: network transport, libfab (the default) or lnet
transport: libfab

# The hosts of the cluster, at least one; at least one of them runs confd.
hosts:
  # [user@]hostname; \`localhost\` is the machine that hare runs on. Names are unique and contain
  # none of  " , = @ /  nor spaces.
  - name: alice@ssc-vm1

    # optional: network interface of Mero's services; default: that of the default route. No two
    # hosts have the same address.
    data_iface: eth1

    # optional: Mero server processes. Each runs confd, or has disks, or both.
    m0_servers:
      # optional, default false: run the configuration service; at most one a host
      - runs_confd: true

      # optional: disks of this server, a shell pattern that matches at least one device or regular
      # file on that host; no disk belongs to two servers
      - io_disks: { path_glob: "/dev/loop[0-9]*" }

    # How many clients this host may have, of Clovis and of m0t1fs. A host has at least one server
    # or client.
    c0_clients: 1
    m0t1fs_clients: 0

    # optional: null is accepted here and ignored; disks belong to io_disks above
    disks: null

# The storage pools, at least one.
pools:
  # Unique name of the pool.
  - name: tier1

    # All disks of the cluster, or some of them (see tier2).
    disks: all

    # N, data units, 1 or more; and K, parity units, 0 or more. N + 2K (target motr: N + K + S) is
    # at most the number of the pool's disks.
    data_units: 2
    parity_units: 1

    # optional, target motr only: S, spare units; default: as many as parity units
    spare_units: 1

    # optional: how many failures of each kind are to be borne; a kind left out is 0, and none is
    # above what the layout can bear. Default: as computed from units and disks.
    allowed_failures: { site: 0, rack: 0, encl: 0, ctrl: 0, disk: 1 }

  - name: tier2
    # host: name of a host above, or its node name; path_regex matches the whole path of a disk.
    # The list may stand directly below \`disks\`, without \`select\`.
    disks:
      select:
        - { host: alice@ssc-vm1, path_regex: "/dev/loop[0-4].*" }
    data_units: 1
    parity_units: 1
`;
