# tenant-tunnel: connects this MikroTik router to its platform by WireGuard.
# Router "acme/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" of tenant "acme", named "branch-7",
# address "10.100.1.1/16" and "fd12:3456:789a:ffff::feff/64". For RouterOS 7.9 to 7.24.
# Paste all of it into a terminal, or /import it as a file, as a user of group full.
# Pasting again is harmless until the router is Online. It holds secrets: keep it to yourself.
{
:local ttBad ""
:local ttSix ""
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
  :local ttHave 0
  :foreach ttRow in=[/ipv6/address/find where interface="tenant-tunnel" and dynamic=no] do={
    :if ([:tostr [/ipv6/address/get $ttRow address]] = "fd12:3456:789a:ffff::feff/64") do={
      /ipv6/address/set $ttRow disabled=no
      :set ttHave 1
    } else={ /ipv6/address/remove $ttRow }
  }
  :if ($ttHave = 0) do={ /ipv6/address/add interface="tenant-tunnel" address="fd12:3456:789a:ffff::feff/64" advertise=no comment="tenant-tunnel: managed, do not edit" }
  :if ([/ipv6/settings/get disable-ipv6] = true) do={ :error "off" }
} on-error={ :set ttSix " IPv6 is off here or was refused, so it goes by IPv4 alone\3B see /ipv6/settings, then paste again." }
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
    /ip/firewall/filter/add chain="input" action="accept" protocol="udp" src-port="51820" dst-port=$ttPort comment="tenant-tunnel: WireGuard from the server" place-before=($ttDrop->0)
  } else={ /ip/firewall/filter/add chain="input" action="accept" protocol="udp" src-port="51820" dst-port=$ttPort comment="tenant-tunnel: WireGuard from the server" }
  :foreach ttRule in=$ttOld do={ /ip/firewall/filter/remove $ttRule }
} on-error={ :set ttBad ($ttBad . " - firewall: let UDP of the server in by hand") }
:do {
  :local ttPort [/interface/wireguard/get [find where name="tenant-tunnel"] listen-port]
  :local ttOld [/ipv6/firewall/filter/find where comment="tenant-tunnel: WireGuard from the server"]
  :local ttDrop [/ipv6/firewall/filter/find where chain="input" and dynamic=no and (action="drop" or action="reject" or action="tarpit" or action="jump")]
  :if ([:len $ttDrop] > 0) do={
    /ipv6/firewall/filter/add chain="input" action="accept" protocol="udp" src-port="51820" dst-port=$ttPort comment="tenant-tunnel: WireGuard from the server" place-before=($ttDrop->0)
  } else={ /ipv6/firewall/filter/add chain="input" action="accept" protocol="udp" src-port="51820" dst-port=$ttPort comment="tenant-tunnel: WireGuard from the server" }
  :foreach ttRule in=$ttOld do={ /ipv6/firewall/filter/remove $ttRule }
} on-error={}
:do {
  /system/identity/set name="branch-7"
} on-error={ :set ttBad ($ttBad . " - identity: see /system/identity/print") }
:do {
  :local ttText ""
  :set ttText ($ttText . ":foreach ttPeer in=\5B/interface/wireguard/peers/find where interface=\22tenant-tunnel\22\5D do=\7B ")
  :set ttText ($ttText . ":local ttDead true\3B :local ttShake \5B:tostr \5B/interface/wireguard/peers/get \24ttPeer last-handshake\5D\5D\3B ")
  :set ttText ($ttText . ":if \28\5B:len \24ttShake\5D \3E 0\29 do=\7B :set ttDead \28\5B:totime \24ttShake\5D \3E 3m\29 \7D\3B ")
  :set ttText ($ttText . ":if \28\24ttDead\29 do=\7B :local ttNow \22\22\3B ")
  :set ttText ($ttText . ":do \7B :set ttNow \5B:tostr \5B:resolve \22vpn.example.com\22\5D\5D \7D ")
  :set ttText ($ttText . "on-error=\7B :do \7B :local ttAsk \5B:parse \22:return \5C5B:resolve \5C22vpn.example.com\5C22 type=ipv6\5C5D\22\5D\3B :set ttNow \5B:tostr \5B\24ttAsk\5D\5D \7D on-error=\7B\7D \7D\3B ")
  :set ttText ($ttText . ":local ttIs \5B:tostr \5B/interface/wireguard/peers/get \24ttPeer current-endpoint-address\5D\5D\3B :local ttSet \5B:tostr \5B/interface/wireguard/peers/get \24ttPeer endpoint-address\5D\5D\3B ")
  :set ttText ($ttText . ":if \28\5B:len \24ttNow\5D \3E 0 and \28\24ttNow \21= \24ttIs or \24ttSet \21= \22vpn.example.com\22\29\29 do=\7B ")
  :set ttText ($ttText . "/interface/wireguard/peers/set \24ttPeer endpoint-address=\24ttNow\3B :delay 1s\3B ")
  :set ttText ($ttText . "/interface/wireguard/peers/set \24ttPeer endpoint-address=\22vpn.example.com\22 \7D \7D \7D ")
  /tool/netwatch/remove [find where comment="tenant-tunnel: new address of the server"]
  /tool/netwatch/add host="10.100.0.1" type=simple interval=1m test-script=$ttText comment="tenant-tunnel: new address of the server"
} on-error={ :set ttBad ($ttBad . " - endpoint: pasted again it looks for its new address, for it does not by itself\3B see /tool/netwatch/print") }
:do {
  :local ttKey "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
  :local ttShared "FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE="
  /interface/wireguard/peers/remove [find where interface="tenant-tunnel"]
  :do { /interface/wireguard/peers/add interface="tenant-tunnel" public-key=$ttKey preshared-key=$ttShared endpoint-address="vpn.example.com" endpoint-port="51820" allowed-address="10.100.0.0/16,fd12:3456:789a:ffff::/64" persistent-keepalive="25s" comment="tenant-tunnel: managed, do not edit"
  } on-error={ /interface/wireguard/peers/add interface="tenant-tunnel" public-key=$ttKey preshared-key=$ttShared endpoint-address="vpn.example.com" endpoint-port="51820" allowed-address="10.100.0.0/16" persistent-keepalive="25s" comment="tenant-tunnel: managed, do not edit" }
} on-error={ :set ttBad ($ttBad . " - peer: see whether another interface has it, /interface/wireguard/peers/print") }
}
:if ([:len $ttBad] > 0) do={
  :put ("tenant-tunnel: FAILED, acme/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn is not set up" . $ttBad . ". Mend this and paste again.")
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
    :put ("tenant-tunnel: OK, acme/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn is set up and the tunnel is up." . $ttSix)
  } else={ :put ("tenant-tunnel: acme/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn is set up, but vpn.example.com port 51820 does not answer yet. Is the router on the internet, and UDP let out\3F" . $ttSix) }
}
}
