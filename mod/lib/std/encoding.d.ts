export function decodeBase64(text: string): Uint8Array<ArrayBuffer>;
export function encodeBase64(data: string | ArrayBuffer | Uint8Array): string;
export function encodeHex(data: string | ArrayBuffer | Uint8Array): string;
