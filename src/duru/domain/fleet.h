// The fleet as plain values: chips, sites, nodes, accelerators. What is *up* or *used* is the
// core's state.
#pragma once

#include "duru/domain/names.h"

namespace duru {

enum class Track { kCpu, kGpu, kNpu };
DURU_DECLARE_ENUM(Track)

// What a figure is. kUnknown: there is no figure; it is never shown as zero.
enum class FigureKind { kUnknown, kMeasured, kPublished, kDerived, kAssumed };
DURU_DECLARE_ENUM(FigureKind)

// A model of accelerator. `watts` is per accelerator under load; `price` is credits per
// accelerator-hour.
struct Chip {
  ChipName name;  // the catalogue's name in lower case: h100-sxm5-80gb
  std::vector<std::string> aliases;
  std::string vendor;
  std::string origin;  // ISO 3166 alpha-2 of the vendor's seat; share rules count by it
  Track track{};
  Bytes memory;
  Milliwatts watts;
  FigureKind watts_kind{};
  std::string watts_source;
  MicroCredits price;
  FigureKind price_kind{};
  std::string price_source;
  std::string catalogue_digest;  // SHA-256 of the data it came from
};
DURU_DECLARE_RECORD(Chip)

// What a site's engine can do: a record, not special cases in callers. A variant that needs more is
// rejected.
struct EngineCapabilities {
  bool gang = false;           // starts all tasks of an attempt or none by itself
  bool binds_devices = false;  // we choose the devices
  bool partitions = false;     // amounts below one accelerator
  bool images = false;
  bool logs = false;
  bool adopt = false;  // finds its runs again after a restart of the server
  bool enforces_memory = false;
  bool pinned_services_only = false;  // its nodes take services that are pinned to them, no jobs
};
DURU_DECLARE_RECORD(EngineCapabilities)

// Nodes reached through one engine, of one owner.
struct Site {
  SiteName name;
  std::string owner;
  std::string engine;  // "local", "simulated", later "slurm", "kubernetes", "agent"
  EngineCapabilities capabilities;
};
DURU_DECLARE_RECORD(Site)

struct Accelerator {
  std::int32_t index = 0;  // its position in the node, from 0
  ChipName chip;
  bool emulated = false;
  std::string pci_address;  // empty when emulated
};
DURU_DECLARE_RECORD(Accelerator)

struct Node {
  NodeName name;
  SiteName site;
  MilliCpu cpu;
  Bytes memory;
  std::vector<Accelerator> accelerators;  // ascending index
  bool emulated = false;                  // the node itself is made up (a --fleet file)
  std::map<std::string, std::string> labels;
};
DURU_DECLARE_RECORD(Node)

}  // namespace duru
