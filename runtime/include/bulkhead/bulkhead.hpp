#pragma once

// All of the runtime: what one process needs to start others, exchange messages with them and
// supervise them.
#include <bulkhead/async.hpp>
#include <bulkhead/call.hpp>
#include <bulkhead/call_lane.hpp>
#include <bulkhead/call_options.hpp>
#include <bulkhead/command.hpp>
#include <bulkhead/dead_letter.hpp>
#include <bulkhead/delivery.hpp>
#include <bulkhead/dynamic_children.hpp>
#include <bulkhead/errc.hpp>
#include <bulkhead/exit_status.hpp>
#include <bulkhead/forward.hpp>
#include <bulkhead/in_flight.hpp>
#include <bulkhead/init.hpp>
#include <bulkhead/limits.hpp>
#include <bulkhead/log_sink.hpp>
#include <bulkhead/message.hpp>
#include <bulkhead/message_id.hpp>
#include <bulkhead/output_stream.hpp>
#include <bulkhead/overflow.hpp>
#include <bulkhead/pipe.hpp>
#include <bulkhead/pipe_options.hpp>
#include <bulkhead/process.hpp>
#include <bulkhead/publish.hpp>
#include <bulkhead/queue.hpp>
#include <bulkhead/queue_sender.hpp>
#include <bulkhead/remote_error.hpp>
#include <bulkhead/runtime.hpp>
#include <bulkhead/runtime_metrics.hpp>
#include <bulkhead/spawn_options.hpp>
#include <bulkhead/supervisor.hpp>
#include <bulkhead/this_process.hpp>
#include <bulkhead/version.hpp>
#include <bulkhead/wait_any.hpp>
