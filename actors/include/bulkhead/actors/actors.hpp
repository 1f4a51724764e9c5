#pragma once

// All of the actors layer; <bulkhead/bulkhead.hpp> has the runtime.
#include <bulkhead/actors/broker.hpp>
#include <bulkhead/actors/feed.hpp>
#include <bulkhead/actors/from_pipe.hpp>
#include <bulkhead/actors/from_queue.hpp>
#include <bulkhead/actors/pool.hpp>
#include <bulkhead/actors/registry.hpp>
#include <bulkhead/actors/spawn_process.hpp>
#include <bulkhead/actors/supervisor_actor.hpp>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/actors/to_pipe.hpp>
#include <bulkhead/actors/to_queue.hpp>
