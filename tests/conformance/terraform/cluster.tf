variable "size" {
  default = 1
}

resource "alicloud_key_pair" "nodes" {
  key_pair_name = "demo"
}

resource "alicloud_cs_managed_kubernetes" "this" {
  name                 = "demo"
  cluster_spec         = "ack.pro.small"
  vswitch_ids          = [alicloud_vswitch.nodes.id]
  pod_cidr             = "172.20.0.0/16"
  service_cidr         = "172.21.0.0/20"
  new_nat_gateway      = false
  slb_internet_enabled = true
  security_group_id    = alicloud_security_group.nodes.id
  custom_san           = "a.example.com"
  enable_rrsa          = true
  tags                 = { owner = var.owner }
  addons {
    name = "flannel"
  }
  addons {
    name = "ack-node-problem-detector"
  }
  depends_on = [alicloud_snat_entry.nodes]
}

resource "alicloud_cs_kubernetes_node_pool" "gpu" {
  node_pool_name       = "gpu"
  cluster_id           = alicloud_cs_managed_kubernetes.this.id
  vswitch_ids          = [alicloud_vswitch.nodes.id]
  instance_types       = ["ecs.vgn5i-m2.xlarge"]
  system_disk_category = "cloud_efficiency"
  system_disk_size     = 120
  desired_size         = var.size
  key_name             = alicloud_key_pair.nodes.key_pair_name
  tags                 = { owner = var.owner }
  labels {
    key   = "team"
    value = "vision"
  }
  taints {
    key    = "gpu"
    value  = "yes"
    effect = "NoSchedule"
  }
  management {
    enable          = true
    auto_repair     = true
    max_unavailable = 1
  }
}

data "alicloud_cs_managed_kubernetes_clusters" "demo" {
  name_regex     = "^demo$"
  enable_details = true
  depends_on     = [alicloud_cs_kubernetes_node_pool.gpu]
}

data "alicloud_cs_cluster_credential" "demo" {
  cluster_id  = alicloud_cs_managed_kubernetes.this.id
  output_file = "kubeconfig"
}

output "clusters" {
  value = data.alicloud_cs_managed_kubernetes_clusters.demo.clusters
}
