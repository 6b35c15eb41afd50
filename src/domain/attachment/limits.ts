export const maxAttachmentBytes = 20 * 1024 * 1024

/** Bytes of a chunk in the database, which is what is read and written at once; the last one of a file may be shorter. */
export const attachmentChunkBytes = 256 * 1024

/** Files of one item. */
export const maxAttachmentsOfItem = 100

/** Bytes of all files that one call of a task gets. */
export const maxAttachmentBytesOfCall = 50 * 1024 * 1024

/** Hours that a file is kept that no item refers to, from when it was last uploaded. */
export const unusedAttachmentHours = 24
