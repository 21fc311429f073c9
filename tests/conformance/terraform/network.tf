variable "owner" {
  default = "conformance"
}

data "alicloud_caller_identity" "me" {}

data "alicloud_zones" "all" {
  available_resource_creation = "VSwitch"
}

resource "alicloud_vpc" "this" {
  vpc_name   = "demo"
  cidr_block = "10.0.0.0/8"
  tags       = { owner = var.owner }
}

resource "alicloud_vswitch" "nodes" {
  vpc_id     = alicloud_vpc.this.id
  cidr_block = "10.1.0.0/16"
  zone_id    = "cn-hangzhou-k"
}

resource "alicloud_security_group" "nodes" {
  vpc_id              = alicloud_vpc.this.id
  security_group_name = "nodes"
  security_group_type = "enterprise"
}

resource "alicloud_security_group_rule" "https" {
  type              = "ingress"
  ip_protocol       = "tcp"
  port_range        = "443/443"
  security_group_id = alicloud_security_group.nodes.id
  cidr_ip           = "10.0.0.0/8"
}

resource "alicloud_nat_gateway" "this" {
  vpc_id           = alicloud_vpc.this.id
  vswitch_id       = alicloud_vswitch.nodes.id
  nat_gateway_name = "demo"
  nat_type         = "Enhanced"
  payment_type     = "PayAsYouGo"
}

resource "alicloud_eip_address" "out" {
  bandwidth            = "10"
  internet_charge_type = "PayByTraffic"
}

resource "alicloud_eip_association" "out" {
  allocation_id = alicloud_eip_address.out.id
  instance_id   = alicloud_nat_gateway.this.id
  instance_type = "Nat"
}

resource "alicloud_snat_entry" "nodes" {
  snat_table_id     = alicloud_nat_gateway.this.snat_table_ids
  source_vswitch_id = alicloud_vswitch.nodes.id
  snat_ip           = alicloud_eip_address.out.ip_address
  depends_on        = [alicloud_eip_association.out]
}
