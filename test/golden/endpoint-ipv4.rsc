# tenant-tunnel: connects this MikroTik router to its platform by WireGuard.
# Router "acme/branch-7" of tenant "acme", named "branch-7",
# address "10.100.1.1/16". For RouterOS 7.9 to 7.24.
# Paste all of it into a terminal, or /import it as a file, as a user of group full.
# Pasting again is harmless until the router is Online. It holds secrets: keep it to yourself.
{
:local ttBad ""
:do {
  :local ttKey "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
  :if ([:len [/interface/wireguard/find where name="tenant-tunnel"]] = 0) do={
    :local ttPort 13871
    :while ([:len [/interface/wireguard/find where listen-port=$ttPort]] > 0) do={ :set ttPort ($ttPort + 1) }
    /interface/wireguard/add name="tenant-tunnel" listen-port=$ttPort private-key=$ttKey mtu="1420" comment="tenant-tunnel: managed, do not edit" disabled=no
  } else={ /interface/wireguard/set [find where name="tenant-tunnel"] private-key=$ttKey mtu="1420" comment="tenant-tunnel: managed, do not edit" disabled=no }
} on-error={ :set ttBad ($ttBad . " - interface: see /interface/wireguard/print") }
:if ([:len $ttBad] = 0) do={
:do {
  :if ([:len [/ip/address/find where interface="tenant-tunnel" and address="10.100.1.1/16"]] = 0) do={
    /ip/address/add interface="tenant-tunnel" address="10.100.1.1/16" comment="tenant-tunnel: managed, do not edit"
  } else={ /ip/address/set [find where interface="tenant-tunnel" and address="10.100.1.1/16"] disabled=no }
  /ip/address/remove [find where interface="tenant-tunnel" and address!="10.100.1.1/16"]
} on-error={ :set ttBad ($ttBad . " - address: see whether another interface has it, /ip/address/print") }
:do {
  :if ([:len [/user/group/find where name="tenant-tunnel"]] = 0) do={
    /user/group/add name="tenant-tunnel" policy="api,policy,read,sensitive,test,write"
  } else={ /user/group/set [find where name="tenant-tunnel"] policy="api,policy,read,sensitive,test,write" }
  :local ttPass "Qm3xYp7sT1vW9zA4bC6dE8fG"
  :if ([:len [/user/find where name="tenant-tunnel"]] = 0) do={
    /user/add name="tenant-tunnel" group="tenant-tunnel" password=$ttPass address="10.100.0.1/32" comment="tenant-tunnel: management"
  } else={
    :if ([:len [/user/find where name="tenant-tunnel" and comment="tenant-tunnel: management"]] = 0) do={ :error "user" }
    /user/set [find where name="tenant-tunnel"] group="tenant-tunnel" password=$ttPass address="10.100.0.1/32" disabled=no
  }
  /user/remove [find where comment="tenant-tunnel: management" and name!="tenant-tunnel"]
} on-error={ :set ttBad ($ttBad . " - user: log in as a user of group full\3B a user of this name that is not ours is not changed") }
:do {
  :local ttWas ""
  :foreach ttRule in=[/ip/firewall/filter/find where comment="tenant-tunnel: API from the server"] do={
    :set ttWas [:tostr [/ip/firewall/filter/get $ttRule src-address]]
  }
  :local ttRead 0
  :local ttList ""
  :foreach ttText in={":return [/ip/service/get api available-from]";":return [/ip/service/get api address]"} do={
    :if ([:len $ttList] = 0) do={
      :do {
        :local ttGet [:parse $ttText]
        :foreach ttItem in=[:toarray [$ttGet]] do={
          :local ttHost [:tostr $ttItem]
          :if ($ttHost != "10.100.0.1" and $ttHost != "10.100.0.1/32" and $ttHost != $ttWas and $ttHost != ($ttWas . "/32")) do={
            :set ttList ($ttList . $ttHost . ",")
          }
        }
        :set ttRead 1
      } on-error={}
    }
  }
  :if ($ttRead = 0) do={ :error "list" }
  :set ttList ($ttList . "10.100.0.1/32")
  :do {
    :local ttSet [:parse ("/ip/service/set api available-from=\"" . $ttList . "\"")]
    $ttSet
  } on-error={
    :local ttSet [:parse ("/ip/service/set api address=\"" . $ttList . "\"")]
    $ttSet
  }
  /ip/service/set api disabled=no port="8728"
} on-error={ :set ttBad ($ttBad . " - API service: see /ip/service/print") }
:do {
  :local ttOld [/ip/firewall/filter/find where comment="tenant-tunnel: API from the server"]
  :local ttDrop [/ip/firewall/filter/find where chain="input" and dynamic=no and (action="drop" or action="reject" or action="tarpit" or action="jump")]
  :if ([:len $ttDrop] > 0) do={
    /ip/firewall/filter/add chain="input" action="accept" protocol="tcp" src-address="10.100.0.1" in-interface="tenant-tunnel" dst-port="8728" comment="tenant-tunnel: API from the server" place-before=($ttDrop->0)
  } else={ /ip/firewall/filter/add chain="input" action="accept" protocol="tcp" src-address="10.100.0.1" in-interface="tenant-tunnel" dst-port="8728" comment="tenant-tunnel: API from the server" }
  :foreach ttRule in=$ttOld do={ /ip/firewall/filter/remove $ttRule }
} on-error={ :set ttBad ($ttBad . " - firewall: let the API in by hand, /ip/firewall/filter/print") }
:do {
  :local ttPort [/interface/wireguard/get [find where name="tenant-tunnel"] listen-port]
  :local ttOld [/ip/firewall/filter/find where comment="tenant-tunnel: WireGuard from the server"]
  :local ttDrop [/ip/firewall/filter/find where chain="input" and dynamic=no and (action="drop" or action="reject" or action="tarpit" or action="jump")]
  :if ([:len $ttDrop] > 0) do={
    /ip/firewall/filter/add chain="input" action="accept" protocol="udp" src-address="198.51.100.7" src-port="51907" dst-port=$ttPort comment="tenant-tunnel: WireGuard from the server" place-before=($ttDrop->0)
  } else={ /ip/firewall/filter/add chain="input" action="accept" protocol="udp" src-address="198.51.100.7" src-port="51907" dst-port=$ttPort comment="tenant-tunnel: WireGuard from the server" }
  :foreach ttRule in=$ttOld do={ /ip/firewall/filter/remove $ttRule }
} on-error={ :set ttBad ($ttBad . " - firewall: let UDP of the server in by hand") }
:do { /ipv6/firewall/filter/remove [find where comment="tenant-tunnel: WireGuard from the server"] } on-error={}
:do {
  /system/identity/set name="branch-7"
} on-error={ :set ttBad ($ttBad . " - identity: see /system/identity/print") }
:do { /tool/netwatch/remove [find where comment="tenant-tunnel: new address of the server"] } on-error={}
:do {
  :local ttKey "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
  /interface/wireguard/peers/remove [find where interface="tenant-tunnel"]
  /interface/wireguard/peers/add interface="tenant-tunnel" public-key=$ttKey endpoint-address="198.51.100.7" endpoint-port="51907" allowed-address="10.100.0.0/16" persistent-keepalive="25s" comment="tenant-tunnel: managed, do not edit"
} on-error={ :set ttBad ($ttBad . " - peer: see whether another interface has it, /interface/wireguard/peers/print") }
}
:if ([:len $ttBad] > 0) do={
  :put ("tenant-tunnel: FAILED, acme/branch-7 is not set up" . $ttBad . ". Mend this and paste again.")
} else={
  :local ttShake ""
  :for ttTry from=1 to=10 do={
    :if ([:len $ttShake] = 0) do={
      :delay 1s
      :do { :foreach ttPeer in=[/interface/wireguard/peers/find where interface="tenant-tunnel"] do={
        :set ttShake [:tostr [/interface/wireguard/peers/get $ttPeer last-handshake]]
      } } on-error={}
    }
  }
  :if ([:len $ttShake] > 0) do={
    :put "tenant-tunnel: OK, acme/branch-7 is set up and the tunnel is up."
  } else={ :put "tenant-tunnel: acme/branch-7 is set up, but 198.51.100.7 port 51907 does not answer yet. Is the router on the internet, and UDP let out\3F" }
}
}
