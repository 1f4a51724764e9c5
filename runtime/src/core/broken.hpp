#pragma once

namespace bulkhead::core::broken {

// Protocol steps that a build with -DBULKHEAD_BREAK=<name> does wrongly on purpose, so that the
// tests which must catch them are seen to. None is on in any other build.
#ifdef BULKHEAD_BREAK_BLOCKS_FORGOTTEN
inline constexpr bool blocks_forgotten = true;
#else
inline constexpr bool blocks_forgotten = false;
#endif
#ifdef BULKHEAD_BREAK_FORWARD_ACK_FIRST
inline constexpr bool forward_ack_first = true;
#else
inline constexpr bool forward_ack_first = false;
#endif
#ifdef BULKHEAD_BREAK_FORWARD_PUBLISH_FIRST
inline constexpr bool forward_publish_first = true;
#else
inline constexpr bool forward_publish_first = false;
#endif
#ifdef BULKHEAD_BREAK_HANDOVER_KEPT
inline constexpr bool handover_kept = true;
#else
inline constexpr bool handover_kept = false;
#endif
#ifdef BULKHEAD_BREAK_NO_VERSION_BUMP
inline constexpr bool no_version_bump = true;
#else
inline constexpr bool no_version_bump = false;
#endif
#ifdef BULKHEAD_BREAK_PUBLISH_EARLY
inline constexpr bool publish_early = true;
#else
inline constexpr bool publish_early = false;
#endif

}  // namespace bulkhead::core::broken
