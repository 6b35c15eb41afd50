import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** Version of the format: AES-256-GCM, with the nonce (12 bytes) and the tag (16 bytes) before the text. */
const version = 1
const nonceBytes = 12
const tagBytes = 16

/** Encrypts secrets that are stored in the database, with one key for the installation. */
export class SecretBox {
  readonly #key: Buffer

  /** @param key 32 bytes */
  constructor(key: Buffer) {
    this.#key = key
  }

  /** What the database keeps, to recognize the key by. */
  get fingerprint(): string {
    return createHash('sha256').update('assay secret key ').update(this.#key).digest('hex').slice(0, 16)
  }

  /** @param owner what the secret belongs to: it opens nowhere else */
  seal(secret: string, owner: string): Buffer {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(owner))
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), text])
  }

  /** @throws when it was sealed with another key, for another owner, or changed since */
  open(sealed: Uint8Array, owner: string): string {
    const bytes = Buffer.from(sealed)
    if (bytes[0] !== version) throw new Error(`a secret of format ${bytes[0]}, which this version cannot read`)
    const tagAt = 1 + nonceBytes
    const textAt = tagAt + tagBytes
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(1, tagAt), { authTagLength: tagBytes })
    decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(tagAt, textAt))
    return Buffer.concat([decipher.update(bytes.subarray(textAt)), decipher.final()]).toString('utf8')
  }
}
